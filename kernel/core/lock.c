/* Spinlocks with ranks. */
#include "core/lock.h"

#include "arch/x86_64/cpu/registers.h"
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
	*lock = LOCK_INIT(name, rank);
}

void lock_check_rank(const struct lock *lock, const struct lock *pair)
{
	const struct cpu *cpu = this_cpu();

	for (unsigned i = 0; i < cpu->nr_held; i++) {
		const struct lock *held = cpu->held[i];

		if (held != pair && held->rank >= lock->rank) {
			panic("lock %s (rank %s) taken while holding %s (rank %s)", lock->name,
			      rank_names[lock->rank], held->name, rank_names[held->rank]);
		}
	}
}

/* Serves the requests of others meanwhile. */
void lock_wait(struct lock *lock, uint32_t self)
{
	do {
		while (__atomic_load_n(&lock->cpu, __ATOMIC_RELAXED)) {
			poll_requests();
			cpu_relax();
		}
	} while (!lock_try(lock, self));
}

void lock_acquire_both(struct lock *one, struct lock *other)
{
	struct lock *first = one < other ? one : other, *second = one < other ? other : one;

	assert(one->rank == other->rank);
	lock_acquire(first);
	if (first != second) {
		lock_acquire_beside(second, first);
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
void lock_forget_inner(struct cpu *cpu, const struct lock *lock)
{
	unsigned i = cpu->nr_held;

	while (i > 0 && cpu->held[i] != lock) {
		i--;
	}
	for (; i < cpu->nr_held; i++) {
		cpu->held[i] = cpu->held[i + 1];
	}
}
