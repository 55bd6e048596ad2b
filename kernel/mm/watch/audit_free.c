/* Where free frames are, each in one place: the free lists, the quarantine, the CPUs' caches. */
#include "core/cpu.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/stock.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/tlb/tlb.h"
#include "mm/watch/audit_walk.h"

/* Hidden frames whose contents are yet to be looked at. */
struct batch {
	unsigned nr;
	pfn_t frames[WINDOW_PAGES];
};

static void batch_check(struct audit *audit, struct batch *batch)
{
	bool can_look = batch->nr && audit->has_window;
	unsigned found = can_look ? window_find_nonzero(batch->frames, batch->nr) : batch->nr;

	if (found < batch->nr) {
		audit_violation(audit, "frame %#x, FREE_HIDDEN, is not zero",
				batch->frames[found].pfn);
	}
	batch->nr = 0;
}

static void batch_add(struct audit *audit, struct batch *batch, pfn_t frame)
{
	batch->frames[batch->nr++] = frame;
	if (batch->nr == WINDOW_PAGES) {
		batch_check(audit, batch);
	}
}

/* A place for free frames. zero: NULL: contents do not matter yet. */
struct place {
	const char *name;
	uint8_t flags; /* of each frame */
	struct batch *zero;
	bool has_clean; /* with ptprot: the gate lets whoever takes them have them */
};

/* False: it is not free, or in another place, too. */
static bool check_free_frame(struct audit *audit, const struct place *place, pfn_t frame,
			     uint8_t flags)
{
	const struct frame *entry = frame_entry(frame);

	if (!pfn_is_valid(frame) || entry->owner != OWNER_FREE ||
	    (entry->flags & ~FRAME_DIRTY) != flags) {
		audit_violation(audit, "frame %#x is in %s, and is not free, or of another kind",
				frame.pfn, place->name);
		return false;
	}
	if (!audit_see(frame)) {
		audit_violation(audit, "frame %#x is free twice, once in %s", frame.pfn,
				place->name);
		return false;
	}
	if (place->has_clean && entry->number) {
		audit_violation(audit, "frame %#x is in %s, and waits for a generation", frame.pfn,
				place->name);
	}
	if (place->zero && !entry->number) {
		batch_add(audit, place->zero, frame);
	}
	return true;
}

/* Returns how many are as they should be. */
static uint64_t check_block(struct audit *audit, const struct place *place, pfn_t first,
			    unsigned order)
{
	uint64_t nr = 0;

	if (order > BUDDY_ORDER_MAX || !is_aligned(first.pfn, 1u << order)) {
		audit_violation(audit, "%s: no block of order %u begins at frame %#x", place->name,
				order, first.pfn);
		return 0;
	}
	for (uint32_t i = 0; i < 1u << order; i++) {
		nr += check_free_frame(audit, place, pfn_add(first, i), place->flags);
	}
	return nr;
}

/* One half of a block alone can be on a list, else both are one block. */
static bool has_free_buddy(uint32_t first, unsigned order)
{
	uint32_t other = first ^ 1u << order;

	return order < BUDDY_ORDER_MAX && other < nr_frames && frames[other].owner == OWNER_FREE &&
	       frame_links[other].is_head && frame_links[other].order == order &&
	       frames[other].flags == frames[first].flags;
}

/* A list that leads back into itself ends at a frame that was seen. */
static uint64_t check_list(struct audit *audit, const struct place *place, uint32_t first,
			   unsigned order)
{
	uint32_t previous = FRAME_LINK_NONE;
	uint64_t nr = 0;

	while (first != FRAME_LINK_NONE) {
		uint64_t nr_here = check_block(audit, place, (pfn_t){ first }, order);

		if (nr_here != 1u << order) {
			return nr; /* it cannot be believed any further */
		}
		if (!frame_links[first].is_head || frame_links[first].order != order ||
		    frame_links[first].prev != previous) {
			audit_violation(audit, "%s: frame %#x does not belong where it is linked",
					place->name, first);
		}
		if (has_free_buddy(first, order)) {
			audit_violation(audit, "%s: frame %#x did not merge with its buddy",
					place->name, first);
		}
		nr += nr_here;
		previous = first;
		first = frame_links[first].next;
	}
	return nr;
}

/* Of hidden frames that wait for nothing. */
static bool are_zero(void) { return xpfo_hidden_is_clean() || gate_in_force != ptprot_off; }

static void check_lists(struct audit *audit, struct batch *zero)
{
	static const struct place places[NR_FREE_KINDS] = {
		[FREE_REVEALED] = { "the free lists", 0, NULL, false },
		[FREE_HIDDEN] = { "the free lists of hidden frames", FRAME_HIDDEN, NULL, false },
	};

	for (enum free_kind kind = 0; kind < NR_FREE_KINDS; kind++) {
		struct place place = places[kind];
		uint64_t nr = 0;

		place.zero = kind == FREE_HIDDEN && are_zero() ? zero : NULL;
		place.has_clean = kind == FREE_HIDDEN && xpfo_is_strict();
		for (unsigned order = 0; order < NR_BUDDY_ORDERS; order++) {
			nr += check_list(audit, &place, frame_pool.buddy.heads[kind][order], order);
		}
		audit_count(audit, place.name, nr, frame_pool.buddy.nr_free[kind]);
	}
}

/* Its frames are zeroed when their generation is complete. */
static void check_quarantine(struct audit *audit)
{
	static const struct place place = { "the quarantine", FRAME_HIDDEN, NULL, false };
	const struct quarantine *quarantine = &frame_pool.quarantine;
	uint64_t nr = 0, before = 1;

	for (unsigned i = 0; i < MIN(quarantine->nr, (unsigned)QUARANTINE_MAX); i++) {
		const struct quarantine_block *block =
			&quarantine->blocks[(quarantine->first + i) % QUARANTINE_MAX];

		if (block->generation < before || block->generation > ktlb_generation()) {
			audit_violation(audit,
					"the quarantine: frame %#x waits for a generation that is "
					"none, or not its turn's",
					block->first.pfn);
		}
		before = block->generation;
		nr += check_block(audit, &place, block->first, block->order);
	}
	audit_count(audit, place.name, nr, quarantine->nr_frames);
}

/* BUILD=kasan */
static void check_rest(struct audit *audit)
{
	static const struct place place = { "the rest", 0, NULL, false };
	const struct frame_rest *rest = &frame_pool.rest;
	uint64_t nr = 0;

	for (unsigned i = 1; KASAN && i <= MIN(rest->nr, (unsigned)FRAMES_RESTING_MAX); i++) {
		unsigned at = (rest->next + FRAMES_RESTING_MAX - i) % FRAMES_RESTING_MAX;

		nr += check_block(audit, &place, rest->blocks[at].first, rest->blocks[at].order);
	}
	audit_count(audit, place.name, nr, rest->nr_frames);
}

static void check_caches(struct audit *audit, struct batch *zero)
{
	bool is_hidden = frame_pool_cached_kind() == FREE_HIDDEN;
	struct place place = { "a CPU's cache", is_hidden ? FRAME_HIDDEN : 0,
			       is_hidden && are_zero() ? zero : NULL, xpfo_is_strict() };

	for (unsigned id = 0; id < nr_cpus; id++) {
		for (unsigned i = 0; i < FRAME_CACHE_MAX; i++) {
			pfn_t frame = cpus[id]->frame_cache[i];

			if (stock_count(&frame, 1)) {
				(void)check_free_frame(audit, &place, frame, place.flags);
			}
		}
	}
}

void audit_free_places(struct audit *audit)
{
	static struct batch zero; /* one audit at a time: the world is stopped */

	zero.nr = 0;
	check_lists(audit, &zero);
	check_quarantine(audit);
	check_rest(audit);
	check_caches(audit, &zero);
	audit_count(audit, "free frames in hand", 0, frame_pool.nr_in_work);
	batch_check(audit, &zero);
}
