/*
 * What a page-table edit owes the TLBs: a range of pages whose entries became stricter. Whoever
 * edits adds to it; whoever may flush hands it to as_tlb_flush.
 * Debug builds panic when one goes out of scope with pages still owed.
 */
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

/* Ranges beyond this many pages are flushed whole. */
enum { TLB_PAGES_SINGLY = 32 };

/*
 * Invariant: start == end: nothing owed. Else [start, end) spans every page added, in bytes, page
 * aligned.
 */
struct tlb_batch {
	uint64_t start, end;
};

static inline void tlb_batch_check(const struct tlb_batch *batch)
{
	(void)batch;
	assert(batch->start == batch->end);
}

/* Declares a batch that must be flushed before the end of the block. */
#define TLB_BATCH(name) struct tlb_batch name __attribute__((cleanup(tlb_batch_check))) = { 0, 0 }

static inline bool tlb_batch_is_empty(const struct tlb_batch *batch)
{
	return batch->start == batch->end;
}

/* [start, end) of either half; a batch stays within one half. */
static inline void tlb_batch_add(struct tlb_batch *batch, uint64_t start, uint64_t end)
{
	if (tlb_batch_is_empty(batch)) {
		*batch = (struct tlb_batch){ start, end };
	} else {
		batch->start = MIN(batch->start, start);
		batch->end = MAX(batch->end, end);
	}
}

/* The pages are no longer owed: returned for the one who flushes them. */
static inline struct tlb_batch tlb_batch_take(struct tlb_batch *batch)
{
	struct tlb_batch taken = *batch;

	*batch = (struct tlb_batch){ 0, 0 };
	return taken;
}

static inline bool tlb_batch_is_small(const struct tlb_batch *batch)
{
	return batch->end - batch->start <= (uint64_t)TLB_PAGES_SINGLY * PAGE_SIZE;
}
