/*
 * With ptprot: what free hidden frames wait for. The gate gives none away before that, and the
 * auditor sees a number that cannot be.
 */
#include "audit_plant.h"
#include "core/cpu.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/tlb/tlb.h"
#include "revealed.h"

static bool refuses(enum gate_operation operation, pfn_t frame, uint64_t keep, uint64_t to)
{
	return gate_enter(frame.pfn, 1, keep, 0, to, operation) != 0;
}

/* What ordinary code could ask for, with an argument that is not its own. */
static void refuse(pfn_t frame)
{
	ktest_ok(refuses(GATE_FRAMES_HIDE, frame, 0, 0),
		 "what the direct map shows is not hidden by saying so");
	(void)block_hide(frame, 0);
	ktest_ok(refuses(GATE_FRAMES_SET, frame, 0,
			 FRAME_WORD(.owner = OWNER_POOL, .flags = FRAME_HIDDEN,
				    .number = FRAME_NO_AREA)),
		 "no pool gets a frame that waits");
	ktest_ok(!xpfo_is_strict() ||
			 refuses(GATE_FRAMES_SET, frame, 0,
				 FRAME_WORD(.owner = OWNER_USER,
					    .flags = FRAME_HIDDEN | FRAME_FRESH, .refs = 1)),
		 "no process does, where the variant hands out clean ones");
	ktest_ok(refuses(GATE_FRAMES_SET, frame, ~FRAME_WORD(.number = UINT32_MAX), 0),
		 "it does not stop to wait by saying so");
	block_reveal(frame, 0);
	ktest_ok(!xpfo_is_strict() ||
			 refuses(GATE_FRAMES_SET, frame, 0,
				 FRAME_WORD(.owner = OWNER_USER, .flags = FRAME_FRESH, .refs = 1)),
		 "nor does a process get one that the direct map shows");
	ktlb_wait(ktlb_downgrade());
}

/* What a pool left in a frame, nobody is to see. */
static void refuse_dirty(void)
{
	pfn_t frame;

	if (options.pmalloc != pmalloc_full || frames_alloc_pool(POOL_ALIAS_NONE, &frame, 1)) {
		ktest_skip("no hidden frame for a pool");
		return;
	}
	frame_transition(frame, 0, OWNER_POOL, OWNER_FREE);
	ktest_ok(refuses(GATE_FRAMES_REVEAL, frame, 0, 0), "what a pool gives back is not shown");
	ktlb_wait(ktlb_downgrade());
	ktest_ok(frames_settle(frame, 1, false), "before it is zeroed");
	frame_transition(frame, 0, OWNER_FREE, OWNER_POOL);
	frame_free_pool(&frame, 1);
}

/* It has a number, for a generation that nobody has drawn, until it is settled. */
static void wait_in_the_gate(pfn_t frame)
{
	const struct frame *entry = frame_entry(frame);

	(void)block_hide(frame, 0);
	ktest_ok(entry->flags & FRAME_HIDDEN && entry->number == (uint32_t)generation_newest() + 1,
		 "a frame that is hidden waits for the next generation");
	ktlb_wait(ktlb_generation());
	ktest_ok(!frames_settle(frame, 1, false) && entry->number,
		 "no generation before that will do");
	(void)ktlb_downgrade();
	window_store(frame, 0, 1, 8);
	ktest_ok(nr_cpus == 1 || !frames_settle(frame, 1, false),
		 "drawn is not complete: another processor has not flushed");
	ktlb_wait(ktlb_generation());
	ktest_ok(frames_settle(frame, 1, false) && !entry->number,
		 "the frame is clean when all have flushed");
	ktest_ok(window_load(frame, 0) == 0, "and zero");
	ktest_ok(frames_settle(frame, 1, false), "what is clean stays so");
}

/* Whatever ordinary memory says. */
static void wait_for_hints(void)
{
	struct cpu *other = cpus[nr_cpus - 1];
	uint64_t seen = other->tlb.seen.value, generation = ktlb_downgrade();

	other->tlb.seen.value = UINT64_MAX;
	other->entry->mode.value = CPU_USER;
	ktest_ok(!ktlb_is_complete(generation), "a processor that says that it has flushed, and is "
						"in user mode, counts as one that has not");
	ktlb_wait(generation);
	ktest_ok(ktlb_is_complete(generation) && generation_seen(other->id) >= generation,
		 "it is interrupted, and has flushed then");
	if (other->tlb.seen.value == UINT64_MAX) {
		other->tlb.seen.value = seen;
	}
}

static void plant_in_cache(void)
{
	struct frame *hidden = frame_entry(this_cpu()->frame_cache[0]);

	if (!this_cpu()->nr_frame_cache || !xpfo_is_strict() || !(hidden->flags & FRAME_HIDDEN)) {
		ktest_skip("this variant has no clean frames in caches");
		return;
	}
	PLANT(hidden->number, (uint32_t)generation_newest(), "waits for a generation",
	      "a frame that is handed out, and waits");
}

static void plant_in_quarantine(pfn_t frame)
{
	struct frame *entry = frame_entry(frame);

	PLANT(entry->number, (uint32_t)generation_newest() + 2, "or waits for a generation to come",
	      "a frame that waits for a generation to come");
	PLANT(entry->number, UINT32_MAX, "or waits for a generation to come",
	      "a frame that is being zeroed, for ever");
}

/* Neither it nor what it waits for is believed of a frame that is in the direct map. */
static void plant_shown(void)
{
	for (unsigned order = 0; order < NR_BUDDY_ORDERS; order++) {
		uint32_t shown = frame_pool.buddy.heads[FREE_REVEALED][order];

		if (shown != FRAME_LINK_NONE) {
			PLANT(frames[shown].number, 1, "or waits for a generation to come",
			      "a revealed frame that waits");
			return;
		}
	}
}

static void plant_seen(void)
{
	volatile uint64_t *seen = (volatile uint64_t *)generation_seen_address(this_cpu()->id);

	PLANT(*seen, UINT64_MAX, "has seen a generation to come, the gate says",
	      "a generation that is to come and was seen");
}

KTEST_SUITE(frame_numbers)
{
	pfn_t frame, user;

	if (gate_in_force == ptprot_off || frame_alloc_user(&user)) {
		ktest_skip("no frame has a number");
		return;
	}
	frame_put_user(user);
	if (!revealed_take(&frame)) {
		ktest_skip("all free frames are hidden");
		return;
	}
	refuse(frame);
	refuse_dirty();
	wait_in_the_gate(frame);
	revealed_give_back(frame);
	if (nr_cpus > 1) {
		wait_for_hints();
	}
	plant_in_cache();
	plant_shown();
	plant_seen();
	while (frame_pool.quarantine.nr) {
		quarantine_wait();
	}
	if (xpfo.is_pooled && !xpfo.flush_at_alloc && revealed_take(&frame)) {
		quarantine_put(frame, 0);
		plant_in_quarantine(frame);
		quarantine_wait();
	}
	expect_clean("afterwards");
}
