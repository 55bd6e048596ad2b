/*
 * A stock: frames that a CPU keeps ready for itself in a row of slots, without a lock. Only that
 * CPU puts frames in; but a frame belongs to whoever swaps it out of its slot, so that others can
 * have it when memory is short.
 *
 * Invariant: slots from *nr on are empty. Those before it may be, too: somebody was there.
 */
#pragma once

#include "lib/types.h"

/* An empty slot: frame 0 is never anybody's. */
enum { STOCK_EMPTY = 0 };

/* This CPU's. The caller knows that there is room. */
static inline void stock_put(pfn_t *slots, unsigned *nr, pfn_t frame)
{
	/* what was written to the frame comes before it */
	__atomic_store_n(&slots[(*nr)++].pfn, frame.pfn, __ATOMIC_RELEASE);
}

/* Anybody's. False: the slot was empty. */
static inline bool stock_swap_out(pfn_t *slot, pfn_t *out)
{
	out->pfn = __atomic_exchange_n(&slot->pfn, STOCK_EMPTY, __ATOMIC_ACQ_REL);
	return out->pfn != STOCK_EMPTY;
}

/* This CPU's. False: nothing is left. */
static inline bool stock_take(pfn_t *slots, unsigned *nr, pfn_t *out)
{
	while (*nr) {
		if (stock_swap_out(&slots[--*nr], out)) {
			return true;
		}
	}
	return false;
}

/* Anybody's, for a moment. */
static inline unsigned stock_count(const pfn_t *slots, unsigned nr_slots)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < nr_slots; i++) {
		nr += __atomic_load_n(&slots[i].pfn, __ATOMIC_RELAXED) != STOCK_EMPTY;
	}
	return nr;
}
