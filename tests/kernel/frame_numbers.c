/*
 * With ptprot: what free hidden frames wait for. The gate gives none away before that, and the
 * auditor sees a number that cannot be.
 */
#include "audit_plant.h"
#include "core/cpu.h"
#include "mm/frame_alloc.h"
#include "mm/frame_pool.h"
#include "mm/gate/gate.h"
#include "mm/tlb.h"
#include "mm/window.h"

/* A revealed frame, in hand. */
static bool take(pfn_t *out)
{
	unsigned order = 0;
	bool found;

	lock_acquire(&frame_pool.lock);
	found = frames_take_kind(FREE_REVEALED, &order, out);
	frame_pool.nr_in_work += found;
	lock_release(&frame_pool.lock);
	return found;
}

static void give_back(pfn_t frame)
{
	block_reveal(frame, 0);
	lock_acquire(&frame_pool.lock);
	buddy_insert(&frame_pool.buddy, frame, 0, FREE_REVEALED);
	frame_pool.nr_in_work--;
	lock_release(&frame_pool.lock);
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

static void plant_numbers(pfn_t shown)
{
	struct frame *hidden = frame_entry(this_cpu()->frame_cache[0]);
	const char *words =
		xpfo_is_strict() ? "waits for a generation" : "or waits for a generation to come";

	PLANT(frame_entry(shown)->number, 1, "waits for a generation",
	      "a revealed frame that waits");
	if (!this_cpu()->nr_frame_cache || !(hidden->flags & FRAME_HIDDEN)) {
		ktest_skip("this variant has no hidden frames in caches");
		return;
	}
	if (xpfo_is_strict()) {
		PLANT(hidden->number, (uint32_t)generation_newest(), "waits for a generation",
		      "a frame that is handed out, and waits");
	}
	PLANT(hidden->number, (uint32_t)generation_newest() + 2, words,
	      "a frame that waits for a generation to come");
	PLANT(hidden->number, UINT32_MAX, words, "a frame that is being zeroed, for ever");
}

/* In front of the caches: the first one of a list. */
static bool first_shown(pfn_t *out)
{
	for (unsigned order = 0; order < NR_BUDDY_ORDERS; order++) {
		out->pfn = frame_pool.buddy.heads[FREE_REVEALED][order];
		if (out->pfn != FRAME_LINK_NONE) {
			return true;
		}
	}
	return false;
}

KTEST_SUITE(frame_numbers)
{
	pfn_t frame, user;

	if (gate_in_force == ptprot_off || frame_alloc_user(&user)) {
		ktest_skip("no frame has a number");
		return;
	}
	frame_put_user(user);
	if (take(&frame)) {
		wait_in_the_gate(frame);
		give_back(frame);
	}
	if (nr_cpus > 1) {
		wait_for_hints();
	}
	if (first_shown(&frame)) {
		plant_numbers(frame);
	}
	expect_clean("afterwards");
}
