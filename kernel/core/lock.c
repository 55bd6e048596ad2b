/* Ticket spinlocks with ranks. */
#include "core/lock.h"

#include "arch/x86_64/registers.h"
#include "core/cpu.h"
#include "core/panic.h"
#include "core/poll.h"
#include "lib/assert.h"

void (*poll_hook)(void);

static const char *const rank_names[] = {
#define RANK(name) #name,
#include "core/lock_ranks.def"
#undef RANK
};

void lock_init(struct lock *lock, const char *name, enum lock_rank rank)
{
	*lock = (struct lock)LOCK_INIT(name, rank);
}

static void rank_check(const struct cpu *cpu, const struct lock *lock)
{
	for (unsigned i = 0; i < cpu->nr_held; i++) {
		const struct lock *held = cpu->held[i];

		if (held->rank >= lock->rank) {
			panic("lock %s (rank %s) taken while holding %s (rank %s)", lock->name,
			      rank_names[lock->rank], held->name, rank_names[held->rank]);
		}
	}
}

void lock_acquire(struct lock *lock)
{
	struct cpu *cpu = this_cpu();
	uint32_t ticket;

	if (ASSERTIONS) {
		rank_check(cpu, lock);
	}
	ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
	/* pairs with the release in lock_release */
	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket) {
		poll_requests();
		cpu_relax();
	}
	lock->cpu = cpu->id + 1;
	assert(cpu->nr_held < HELD_LOCKS_MAX);
	cpu->held[cpu->nr_held++] = lock;
}

void lock_release(struct lock *lock)
{
	struct cpu *cpu = this_cpu();
	unsigned i = cpu->nr_held;

	assert(lock_is_held(lock));
	while (i > 0 && cpu->held[i - 1] != lock) {
		i--;
	}
	for (; i < cpu->nr_held; i++) {
		cpu->held[i - 1] = cpu->held[i];
	}
	cpu->nr_held--;
	lock->cpu = 0;
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}

bool lock_is_held(const struct lock *lock) { return lock->cpu == this_cpu()->id + 1; }
