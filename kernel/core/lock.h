/*
 * Ranked spinlocks. The kernel runs with interrupts disabled, so nothing is saved; a spinning CPU
 * serves its own TLB requests (tlb_poll), so that waiting for an IPI while holding a lock cannot
 * deadlock. Rank order in one line: see core/lock_ranks.def; debug builds panic on an inversion.
 * They are not fair: in an emulator with more CPUs than its host a queue of waiters would have to
 * wait for the host to run each in turn.
 */
#pragma once

#include "lib/types.h"

enum lock_rank {
#define RANK(name) RANK_##name,
#include "core/lock_ranks.def"
#undef RANK
};

struct lock {
	uint32_t cpu; /* holder's id + 1; 0: free */
	enum lock_rank rank;
	const char *name;
};

#define LOCK_INIT(lock_name, lock_rank)                                                            \
	{                                                                                          \
		.rank = (lock_rank), .name = (lock_name)                                           \
	}

void lock_init(struct lock *lock, const char *name, enum lock_rank rank);
void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);
/*
 * Two locks of one rank, which may be the same one, in the order of their addresses. No other lock
 * of that rank may be held.
 */
void lock_acquire_both(struct lock *one, struct lock *other);
void lock_release_both(struct lock *one, struct lock *other);
/* By this CPU. */
bool lock_is_held(const struct lock *lock);
