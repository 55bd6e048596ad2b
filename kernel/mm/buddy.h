/*
 * The buddy allocator: free blocks of 2^0 to 2^10 frames, of two kinds that never merge. Pure
 * bookkeeping on the frame table; owners, page tables and TLBs are frame_alloc.c's business. Caller
 * holds the frames lock.
 */
#pragma once

#include "mm/frame.h"

enum { BUDDY_ORDER_MAX = 10, NR_BUDDY_ORDERS = BUDDY_ORDER_MAX + 1 };
enum free_kind { FREE_REVEALED, FREE_HIDDEN, NR_FREE_KINDS };

/*
 * Invariant: a block of order n starts at a multiple of 2^n; no two free buddies of one kind and
 * order coexist; every frame of a block is FREE and has FRAME_HIDDEN set or not, as the list it is
 * on says.
 */
struct buddy {
	uint32_t heads[NR_FREE_KINDS][NR_BUDDY_ORDERS]; /* first block, or UINT32_MAX */
	uint64_t nr_free[NR_FREE_KINDS];                /* frames */
};

void buddy_init(struct buddy *buddy);
/* Gives a block back, merging it with its free buddies. The frames are FREE and flagged for this
 * kind. */
void buddy_insert(struct buddy *buddy, pfn_t first, unsigned order, enum free_kind kind);
/* Takes a block of exactly this order, splitting a larger one if need be. False: none. */
bool buddy_take(struct buddy *buddy, unsigned order, enum free_kind kind, pfn_t *out);
