/* A free frame that the direct map shows, in hand: for suites that hide some themselves. */
#pragma once

#include "mm/frame/frame_pool.h"

/* False: there is none. The caller gives it back. */
static inline bool revealed_take(pfn_t *out)
{
	unsigned order = 0;
	bool found;

	lock_acquire(&frame_pool.lock);
	found = frames_take_kind(FREE_REVEALED, &order, out);
	frame_pool.nr_in_work += found;
	lock_release(&frame_pool.lock);
	return found;
}

/* Free still, whether the direct map has it or not. */
static inline void revealed_give_back(pfn_t frame)
{
	block_reveal(frame, 0);
	lock_acquire(&frame_pool.lock);
	buddy_insert(&frame_pool.buddy, frame, 0, FREE_REVEALED);
	frame_pool.nr_in_work--;
	lock_release(&frame_pool.lock);
}
