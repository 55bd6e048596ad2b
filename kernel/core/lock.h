/*
 * Ranked spinlocks. The kernel runs with interrupts disabled, so nothing is saved; a spinning CPU
 * serves its own TLB requests (tlb_poll), so that waiting for an IPI while holding a lock cannot
 * deadlock. Rank order in one line: see core/lock_ranks.def; debug builds panic on an inversion.
 * They are not fair: in an emulator with more CPUs than its host a queue of waiters would have to
 * wait for the host to run each in turn.
 */
#pragma once

#include "core/cpu.h"
#include "lib/assert.h"
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
	(struct lock) { .rank = (lock_rank), .name = (lock_name) }

void lock_init(struct lock *lock, const char *name, enum lock_rank rank);

/* lock.c: what is not the usual case. `pair`: see lock_acquire_both. */
void lock_check_rank(const struct lock *lock, const struct lock *pair);
void lock_wait(struct lock *lock, uint32_t self);
void lock_forget_inner(struct cpu *cpu, const struct lock *lock);

/* Pairs with the release in lock_release. */
static inline bool lock_try(struct lock *lock, uint32_t self)
{
	uint32_t nobody = 0;

	return __atomic_compare_exchange_n(&lock->cpu, &nobody, self, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* For assertions and panics. */
static inline void lock_note(const struct lock *lock)
{
	struct cpu *cpu = this_cpu();

	assert(cpu->nr_held < HELD_LOCKS_MAX);
	cpu->held[cpu->nr_held] = lock;
}

/* It was taken: it counts. */
static inline void lock_count(const struct lock *lock)
{
	if (ASSERTIONS) {
		lock_note(lock);
	}
	PERCPU_ADD32(offsetof(struct cpu, nr_held), 1);
}

/* One of two of a rank; NULL: there is no other. */
static inline void lock_acquire_beside(struct lock *lock, const struct lock *pair)
{
	uint32_t self = PERCPU_READ32(offsetof(struct cpu, id)) + 1;

	if (ASSERTIONS) {
		lock_check_rank(lock, pair);
	}
	if (UNLIKELY(!lock_try(lock, self))) {
		lock_wait(lock, self);
	}
	lock_count(lock);
}

static inline void lock_acquire(struct lock *lock) { lock_acquire_beside(lock, NULL); }
/* False: somebody has it. */
static inline bool lock_acquire_at_once(struct lock *lock)
{
	if (ASSERTIONS) {
		lock_check_rank(lock, NULL);
	}
	if (UNLIKELY(!lock_try(lock, PERCPU_READ32(offsetof(struct cpu, id)) + 1))) {
		return false;
	}
	lock_count(lock);
	return true;
}
/* By this CPU. Another one may take it or let go meanwhile. */
static inline bool lock_is_held(const struct lock *lock)
{
	return __atomic_load_n(&lock->cpu, __ATOMIC_RELAXED) == this_cpu()->id + 1;
}

/* Others may come in once it is released: what its entries owe the TLBs is paid by then. */
static inline bool lock_owes_nothing(const struct lock *lock, const struct cpu *cpu)
{
	switch (lock->rank) {
	case RANK_as: return !cpu->owed.nr_user;
	case RANK_pmalloc: return !cpu->owed.nr_kernel && !cpu->owed.generation;
	default: return true;
	}
}

/* For assertions and panics. It counts no more as held. */
static inline void lock_forget(const struct lock *lock)
{
	struct cpu *cpu = this_cpu();

	if (UNLIKELY(cpu->held[cpu->nr_held] != lock)) {
		lock_forget_inner(cpu, lock);
	}
}

static inline void lock_release(struct lock *lock)
{
	assert(lock_is_held(lock));
	assert(lock_owes_nothing(lock, this_cpu()));
	PERCPU_ADD32(offsetof(struct cpu, nr_held), -1);
	if (ASSERTIONS) {
		lock_forget(lock);
	}
	__atomic_store_n(&lock->cpu, 0, __ATOMIC_RELEASE);
}

/*
 * Two locks of one rank, which may be the same one, in the order of their addresses. No other lock
 * of that rank may be held.
 */
void lock_acquire_both(struct lock *one, struct lock *other);
void lock_release_both(struct lock *one, struct lock *other);
