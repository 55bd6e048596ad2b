/*
 * Blocks on their way from the direct map to user space: hidden, in quarantine until no TLB can
 * hold them, and only then zeroed. In this order no CPU can write to a frame any more when it is
 * made zero: one that still has the old translation may store through it until the generation is
 * complete. zero=early has the published order, for comparison.
 */
#include "core/cpu.h"
#include "core/options.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/tlb/tlb.h"
#include "mm/tlb/tlb_debt.h"

enum { PIECE_ORDER = 5 }; /* of what is zeroed at once */

/* How many frames from here on, up to nr, are hidden or not, as the first one is. */
static uint32_t run_length(pfn_t first, uint32_t nr)
{
	unsigned hidden = frame_entry(first)->flags & FRAME_HIDDEN;
	uint32_t i = 1;

	while (i < nr && (frame_entry(pfn_add(first, i))->flags & FRAME_HIDDEN) == hidden) {
		i++;
	}
	return i;
}

static void run_hide(pfn_t first, uint32_t nr)
{
	if (options.zero == zero_early) {
		unmark(direct_map_pointer(first), (size_t)nr * PAGE_SIZE);
		memset(direct_map_pointer(first), 0, (size_t)nr * PAGE_SIZE);
		mark(direct_map_pointer(first), (size_t)nr * PAGE_SIZE, MARK_FRAME_FREED);
	}
	direct_map_hide(first, nr);
	frame_flags_set_hidden(first, nr, true);
}

static void run_reveal(pfn_t first, uint32_t nr)
{
	/* what a frame is comes before where it is mapped */
	frame_flags_set_hidden(first, nr, false);
	direct_map_reveal(first, nr);
}

/* The frames of a block that are not so yet become hidden, or revealed. False: all of them were. */
static bool block_make(pfn_t first, unsigned order, bool hidden)
{
	bool has_changed = false;

	for (uint32_t i = 0, nr; i < 1u << order; i += nr) {
		pfn_t run = pfn_add(first, i);
		bool is_hidden = frame_entry(run)->flags & FRAME_HIDDEN;

		nr = run_length(run, (1u << order) - i);
		if (is_hidden != hidden) {
			(hidden ? run_hide : run_reveal)(run, nr);
			has_changed = true;
		}
	}
	return has_changed;
}

bool block_hide(pfn_t first, unsigned order) { return block_make(first, order, true); }

void block_reveal(pfn_t first, unsigned order) { (void)block_make(first, order, false); }

void block_unguard(pfn_t first, unsigned order)
{
	for (uint32_t i = 0; gate_in_force != ptprot_off && i < 1u << order; i++) {
		direct_map_unprotect(pfn_add(first, i));
	}
}

void frames_hide_alone(pfn_t first, uint32_t nr)
{
	direct_map_hide(first, nr);
	frame_flags_set_hidden(first, nr, true);
}

void frames_seal_alone(pfn_t first, uint32_t nr)
{
	frames_hide_alone(first, nr);
	for (uint32_t i = 0; i < nr; i++) {
		frame_seal(pfn_add(first, i));
	}
}

/* What a processor may still hold is waited for, though whoever calls has done so: what he waited
 * for was ordinary memory's word. */
static void piece_settle(pfn_t first, uint32_t nr, bool is_zero)
{
	while (!frames_settle(first, nr, is_zero)) {
		ktlb_wait(ktlb_downgrade());
	}
}

void frames_settle_all(pfn_t first, uint32_t nr, bool is_zero)
{
	for (uint32_t done = 0, size; done < nr; done += size) {
		size = MIN(nr - done, (uint32_t)WINDOW_PAGES);
		piece_settle(pfn_add(first, done), size, is_zero);
		if (done + size < nr) {
			poll_requests();
		}
	}
}

void block_zero(pfn_t first, unsigned order)
{
	if (gate_in_force != ptprot_off && frame_entry(first)->owner == OWNER_FREE) {
		frames_settle_all(first, 1u << order, options.zero == zero_early);
	} else if (options.zero == zero_late) {
		window_zero_range(first, 1u << order);
	}
}

void block_finish(pfn_t first, unsigned order)
{
	tlb_debt_assert_none();
	block_zero(first, order);
	lock_acquire(&frame_pool.lock);
	buddy_insert(&frame_pool.buddy, first, order, FREE_HIDDEN);
	count_add(&frame_pool.nr_in_work, -(1ul << order));
	lock_release(&frame_pool.lock);
}

/* The block is in hand, and waits for this generation. False: the quarantine is full. */
static bool block_enter(pfn_t first, unsigned order, uint64_t (*generation)(void))
{
	bool is_full;

	lock_acquire(&frame_pool.lock);
	is_full = quarantine_is_full(&frame_pool.quarantine);
	if (!is_full) {
		uint64_t waits_for = generation();

		quarantine_enter(&frame_pool.quarantine, first, order, waits_for);
		if (ASSERTIONS) {
			tlb_debt_hand_over(waits_for);
		}
		count_add(&frame_pool.nr_in_work, -(1ul << order));
	}
	lock_release(&frame_pool.lock);
	return !is_full;
}

void block_finish_later(pfn_t first, unsigned order)
{
	unsigned piece_order = MIN(order, (unsigned)PIECE_ORDER);

	for (uint32_t done = 0; done < 1u << order; done += 1u << piece_order) {
		pfn_t piece = pfn_add(first, done);

		if (!block_enter(piece, piece_order, ktlb_generation)) {
			block_finish(piece, piece_order);
		}
	}
}

/* Takes out the oldest block, if its generation is complete. */
static bool block_leave(pfn_t *first, unsigned *order)
{
	uint64_t oldest;
	bool left;

	lock_acquire(&frame_pool.lock);
	oldest = quarantine_oldest(&frame_pool.quarantine);
	left = oldest && ktlb_is_complete(oldest) &&
	       quarantine_leave(&frame_pool.quarantine, oldest, first, order);
	if (left) {
		assert(tlb_debt_is_completed(oldest));
		count_add(&frame_pool.nr_in_work, 1ul << *order);
	}
	lock_release(&frame_pool.lock);
	return left;
}

/* Zeroing takes long, so that one caller does not zero all the blocks that are ready; nor two of
 * them behind a block that it had to hide at once. */
void quarantine_release(void)
{
	enum { RELEASE_MAX = 2 };
	unsigned nr_max = xpfo.flush_at_alloc ? 1 : RELEASE_MAX, order;
	pfn_t first;

	for (unsigned nr = 0; nr < nr_max && block_leave(&first, &order); nr++) {
		block_finish(first, order);
	}
}

void quarantine_wait(void)
{
	uint64_t oldest;

	lock_acquire(&frame_pool.lock);
	oldest = quarantine_oldest(&frame_pool.quarantine);
	lock_release(&frame_pool.lock);
	if (oldest) {
		COUNT(quarantine_waits);
		ktlb_wait(oldest);
		quarantine_release();
	}
}

void quarantine_put(pfn_t first, unsigned order)
{
	(void)block_hide(first, order);
	COUNT_N(quarantine_frames, 1u << order);
	if (!block_enter(first, order, ktlb_downgrade)) {
		/* the others wait for theirs: this block is waited for alone */
		ktlb_wait(ktlb_downgrade());
		block_finish(first, order);
	}
}

bool quarantine_reveal(void)
{
	unsigned order;
	pfn_t first;

	assert(lock_is_held(&frame_pool.lock));
	if (!quarantine_leave(&frame_pool.quarantine, UINT64_MAX, &first, &order)) {
		return false;
	}
	block_reveal(first, order);
	buddy_insert(&frame_pool.buddy, first, order, FREE_REVEALED);
	return true;
}
