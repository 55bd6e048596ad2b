/*
 * Changes of an address space that are carried out in pieces, with as->lock free between two of
 * them.
 *
 * Invariant: between two pieces the address space is as one would be that nobody is changing.
 * Regions and page tables agree, and there are as many pages as as->nr_pages says: a call on a
 * range is, from below, the same call on parts of it. What as->change adds is that nothing but a
 * fault comes in between:
 *
 *   other changes wait in as_change_begin until it is over, asleep, or until they are killed;
 *   a fault finds a page that is there, or fills one in; one that would be refused waits, as it
 *   may lie in what a MAP_FIXED replaces;
 *   while a fork goes on every fault waits: else the child could get what a thread wrote last,
 *   and not what it wrote before;
 *   a fault on a page of 2 MiB is a change itself, for which all others wait;
 *   while pages move a fault in the old or the new place waits, and a grant there is refused: a
 *   page that came to either would be in the way, or left behind.
 */
#pragma once

#include "mm/as/as.h"

/* Takes as->lock when no change is going on. Blocks. EINTR, without it: the thread must end. */
status_t as_change_wait_and_lock(struct as *as) MUST_CHECK;
static inline status_t as_change_begin(struct as *as)
{
	lock_acquire(&as->lock);
	return LIKELY(as->change == CHANGE_NONE) ? STATUS_OK : as_change_wait_and_lock(as);
}

/*
 * Between two pieces, the lock held before and after. Blocks. True: the caller's thread must end,
 * so the call does no more than it owes others.
 */
bool as_change_pause(struct as *as, enum as_change change);
/* The two halves: around what may block itself. */
void as_change_leave(struct as *as, enum as_change change);
void as_change_return(struct as *as);

/* The end, and that of the lock. */
void as_change_over(struct as *as);
static inline void as_change_end(struct as *as)
{
	if (UNLIKELY(as->change != CHANGE_NONE || as->nr_waiting)) {
		as_change_over(as);
	} else {
		lock_release(&as->lock);
	}
}

/* Is the address in the old or the new place of pages that move? Caller holds as->lock. */
static inline bool as_is_moving(const struct as *as, uint64_t address)
{
	assert(lock_is_held(&as->lock));
	return as->change == CHANGE_MOVE && (address - as->move.from < as->move.len_bytes ||
					     address - as->move.to < as->move.len_bytes);
}

/* For a fault: blocks until no change is going on. False: the thread must end. */
bool as_change_wait(struct as *as) MUST_CHECK;

/*
 * How much a piece has done, in entries looked at, or what takes as long. One page that goes or
 * comes costs its zeroing. Assertions make each several times as long, so pieces are shorter then.
 */
enum {
	WORK_MAX = ASSERTIONS ? 896 : 2048,
	WORK_ENOUGH = WORK_MAX / 2, /* ends a piece: what comes next may be a whole one itself */
	WORK_PAGE = 30,
	WORK_REGION = 256,
	WORK_TABLE = 64,
	WORK_SHARED = 2,
	WORK_WRITTEN = 8 /* an entry that is written by the gate, alone */
};

/* A region that is cut, joined or removed: most of that is the upkeep of the tree. */
static inline unsigned region_work(const struct as *as)
{
	return as->tree ? WORK_REGION : WORK_REGION / 16;
}
