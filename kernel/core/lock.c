/* Spinlocks with ranks. */
#include "core/lock.h"

#include "arch/x86_64/registers.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "core/poll.h"
#include "lib/assert.h"

RO_AFTER_INIT void (*poll_hook)(void);

static const char *const rank_names[] = {
#define RANK(name) #name,
#include "core/lock_ranks.def"
#undef RANK
};

void lock_init(struct lock *lock, const char *name, enum lock_rank rank)
{
	*lock = (struct lock)LOCK_INIT(name, rank);
}

/* `pair`: the other one of lock_acquire_both, which has the same rank; NULL: none. */
static void rank_check(const struct cpu *cpu, const struct lock *lock, const struct lock *pair)
{
	for (unsigned i = 0; i < cpu->nr_held; i++) {
		const struct lock *held = cpu->held[i];

		if (held != pair && held->rank >= lock->rank) {
			panic("lock %s (rank %s) taken while holding %s (rank %s)", lock->name,
			      rank_names[lock->rank], held->name, rank_names[held->rank]);
		}
	}
}

/* Pairs with the release in lock_release. */
static bool try_take(struct lock *lock, uint32_t self)
{
	uint32_t nobody = 0;

	return __atomic_compare_exchange_n(&lock->cpu, &nobody, self, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Serves the requests of others meanwhile. */
__attribute__((noinline)) static void wait_and_take(struct lock *lock, uint32_t self)
{
	do {
		while (__atomic_load_n(&lock->cpu, __ATOMIC_RELAXED)) {
			poll_requests();
			cpu_relax();
		}
	} while (!try_take(lock, self));
}

static inline void acquire(struct lock *lock, const struct lock *pair)
{
	struct cpu *cpu = this_cpu();

	if (ASSERTIONS) {
		rank_check(cpu, lock, pair);
	}
	if (UNLIKELY(!try_take(lock, cpu->id + 1))) {
		wait_and_take(lock, cpu->id + 1);
	}
	assert(cpu->nr_held < HELD_LOCKS_MAX);
	cpu->held[cpu->nr_held++] = lock;
}

void lock_acquire(struct lock *lock) { acquire(lock, NULL); }

void lock_acquire_both(struct lock *one, struct lock *other)
{
	struct lock *first = one < other ? one : other, *second = one < other ? other : one;

	assert(one->rank == other->rank);
	acquire(first, NULL);
	if (first != second) {
		acquire(second, first);
	}
}

void lock_release_both(struct lock *one, struct lock *other)
{
	lock_release(one);
	if (one != other) {
		lock_release(other);
	}
}

/* Closes the gap that a lock leaves which was not the last one taken. */
__attribute__((noinline)) static void forget_inner(struct cpu *cpu, const struct lock *lock)
{
	unsigned i = cpu->nr_held;

	while (i > 0 && cpu->held[i] != lock) {
		i--;
	}
	for (; i < cpu->nr_held; i++) {
		cpu->held[i] = cpu->held[i + 1];
	}
}

void lock_release(struct lock *lock)
{
	struct cpu *cpu = this_cpu();

	assert(lock_is_held(lock));
	cpu->nr_held--;
	if (UNLIKELY(cpu->held[cpu->nr_held] != lock)) {
		forget_inner(cpu, lock);
	}
	__atomic_store_n(&lock->cpu, 0, __ATOMIC_RELEASE);
}

bool lock_is_held(const struct lock *lock) { return lock->cpu == this_cpu()->id + 1; }
