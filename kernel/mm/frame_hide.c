/*
 * Blocks on their way from the direct map to user space: hidden, in quarantine until no TLB can
 * hold them, and only then zeroed. In this order nobody can write to a frame any more when it is
 * made zero: a CPU that still has the old translation may store through it until its generation
 * is complete. zero=early has the published order, for comparison.
 */
#include "core/cpu.h"
#include "core/options.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/frame_pool.h"
#include "mm/tlb.h"
#include "mm/window.h"

bool block_hide(pfn_t first, unsigned order)
{
	bool was_shown = false;

	for (uint32_t i = 0; i < 1u << order; i++) {
		pfn_t frame = pfn_add(first, i);

		if (!(frame_entry(frame)->flags & FRAME_HIDDEN)) {
			if (options.zero == zero_early) {
				memset(direct_map_pointer(frame), 0, PAGE_SIZE);
			}
			direct_map_hide(frame, 0);
			frame_flags_set_hidden(frame, 0, true);
			was_shown = true;
		}
	}
	return was_shown;
}

void block_reveal(pfn_t first, unsigned order)
{
	for (uint32_t i = 0; i < 1u << order; i++) {
		pfn_t frame = pfn_add(first, i);

		if (frame_entry(frame)->flags & FRAME_HIDDEN) {
			direct_map_reveal(frame, 0);
			frame_flags_set_hidden(frame, 0, false);
		}
	}
}

void block_zero(pfn_t first, unsigned order)
{
	if (options.zero == zero_late) {
		window_zero_range(first, 1u << order);
	}
}

void block_finish(pfn_t first, unsigned order)
{
	block_zero(first, order);
	lock_acquire(&frame_pool.lock);
	buddy_insert(&frame_pool.buddy, first, order, FREE_HIDDEN);
	frame_pool.nr_in_work -= 1ul << order;
	lock_release(&frame_pool.lock);
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
		frame_pool.nr_in_work += 1ul << *order;
	}
	lock_release(&frame_pool.lock);
	return left;
}

void quarantine_release(void)
{
	unsigned order;
	pfn_t first;

	while (block_leave(&first, &order)) {
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

/* The block is in hand. False: the quarantine is full. */
static bool block_enter(pfn_t first, unsigned order)
{
	bool is_full;

	lock_acquire(&frame_pool.lock);
	is_full = quarantine_is_full(&frame_pool.quarantine);
	if (!is_full) {
		quarantine_enter(&frame_pool.quarantine, first, order, ktlb_downgrade());
		frame_pool.nr_in_work -= 1ul << order;
	}
	lock_release(&frame_pool.lock);
	return !is_full;
}

void quarantine_put(pfn_t first, unsigned order)
{
	(void)block_hide(first, order);
	COUNT_N(quarantine_frames, 1u << order);
	if (!block_enter(first, order)) {
		/* the others wait for theirs: this block is waited for alone */
		ktlb_wait(ktlb_downgrade());
		block_finish(first, order);
	}
}

bool quarantine_reveal(void)
{
	unsigned order;
	pfn_t first;

	if (!quarantine_leave(&frame_pool.quarantine, UINT64_MAX, &first, &order)) {
		return false;
	}
	block_reveal(first, order);
	buddy_insert(&frame_pool.buddy, first, order, FREE_REVEALED);
	return true;
}
