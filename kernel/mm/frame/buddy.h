/*
 * The buddy allocator: free blocks of 2^0 to 2^10 frames, of two kinds that do not merge, and a
 * search for blocks whose parts are of both. Pure bookkeeping on the frame table; owners, page
 * tables and TLBs are frame_alloc.c's business. Caller holds the frames lock.
 */
#pragma once

#include "mm/frame/frame.h"

enum { BUDDY_ORDER_MAX = 10, NR_BUDDY_ORDERS = BUDDY_ORDER_MAX + 1 };
enum free_kind { FREE_REVEALED, FREE_HIDDEN, NR_FREE_KINDS };

/* What buddy_take_mixed looks at in one go: 2 MiB. */
enum { RANGE_ORDER = 9, RANGE_FRAMES = 1 << RANGE_ORDER };

/*
 * Invariant: a block of order n starts at a multiple of 2^n; no two free buddies of one kind and
 * order coexist; every frame of a block is FREE and has FRAME_HIDDEN set or not, as the list it is
 * on says.
 */
struct buddy {
	uint32_t heads[NR_FREE_KINDS][NR_BUDDY_ORDERS]; /* first block, or FRAME_LINK_NONE */
	uint64_t nr_free[NR_FREE_KINDS];                /* frames */
	uint16_t *nr_free_in;    /* frames on the lists, of each range of RANGE_FRAMES */
	uint32_t nr_full_ranges; /* of which all frames are on the lists */
	uint32_t nr_mixed_pairs; /* buddies of order 0, one hidden and one revealed, both free */
};

/* nr_free_in: zeroes, one for every RANGE_FRAMES of the frame table or part of that. */
void buddy_init(struct buddy *buddy, uint16_t *nr_free_in);
/* Gives a block back, merging it with its free buddies. The frames are FREE and flagged for this
 * kind. */
void buddy_insert(struct buddy *buddy, pfn_t first, unsigned order, enum free_kind kind);
/* Takes a block of exactly this order, splitting a larger one if need be. False: none. */
bool buddy_take(struct buddy *buddy, unsigned order, enum free_kind kind, pfn_t *out);

/*
 * Takes a block of exactly this order whose frames are all on the lists, but some hidden and some
 * revealed; each frame's flags say which. Looks at nr_ranges ranges from *range on, and moves that
 * behind the last one looked at. False: there is none in these.
 */
bool buddy_take_mixed(struct buddy *buddy, unsigned order, uint32_t *range, uint32_t nr_ranges,
		      pfn_t *out);
/*
 * Orders 1 and RANGE_ORDER: if neither buddy_take nor buddy_take_mixed over all ranges can give a
 * block, this is false. Others: true.
 */
static inline bool buddy_may_have(const struct buddy *buddy, unsigned order)
{
	if (order == 1) {
		return buddy->nr_mixed_pairs > 0;
	}
	return order < RANGE_ORDER || buddy->nr_full_ranges > 0;
}
static inline uint32_t buddy_nr_ranges(void)
{
	return (nr_frames + RANGE_FRAMES - 1) / RANGE_FRAMES;
}
