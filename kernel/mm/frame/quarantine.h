/*
 * The quarantine of xpfo=epoch: blocks that were taken out of the direct map and wait until no TLB
 * can hold them, each batch with the generation of its downgrade (mm/tlb/ktlb.h). A block leaves
 * only when its generation is complete, and is zeroed then. With xpfo=pageblock it holds the pieces
 * of a block that is flushed and not zeroed yet. Pure bookkeeping; caller holds the frames lock.
 */
#pragma once

#include "mm/frame/frame.h"

enum { QUARANTINE_MAX = 16 };

/* Invariant: blocks are FREE, hidden and on no list; generations rise from first to last. What they
 * hold is anything: a CPU that has not flushed yet may still write there. */
struct quarantine {
	struct quarantine_block {
		pfn_t first;
		unsigned order;
		uint64_t generation;
	} blocks[QUARANTINE_MAX]; /* a ring */
	unsigned first, nr;
	uint64_t nr_frames;
};

static inline bool quarantine_is_full(const struct quarantine *quarantine)
{
	return quarantine->nr == QUARANTINE_MAX;
}

/* Not when it is full. */
void quarantine_enter(struct quarantine *quarantine, pfn_t first, unsigned order,
		      uint64_t generation);

/* The generation that the oldest block waits for; 0: the quarantine is empty. */
uint64_t quarantine_oldest(const struct quarantine *quarantine);

/* Takes out the oldest block if its generation is at most `complete`. */
bool quarantine_leave(struct quarantine *quarantine, uint64_t complete, pfn_t *first,
		      unsigned *order);
