/* How long threads have run, and how slices are shared. */
#include "arch/x86_64/clock.h"
#include "arch/x86_64/registers.h"
#include "task/sched.h"

#define NS_PER_S 1000000000ul

/*
 * A thread of another CPU may be switched to or away from meanwhile. Who switches writes run_time
 * of the one, then started of the other, then current, in this order: so a thread that is seen to
 * be current started when `started` says, unless run_time tells that it was switched away from
 * since.
 */
uint64_t sched_run_time(const struct thread *thread)
{
	for (;;) {
		uint64_t run_time = __atomic_load_n(&thread->run_time, __ATOMIC_ACQUIRE);
		const struct cpu *cpu = cpus[__atomic_load_n(&thread->cpu, __ATOMIC_RELAXED)];
		bool runs = __atomic_load_n(&cpu->current, __ATOMIC_ACQUIRE) == thread;
		uint64_t started = __atomic_load_n(&thread->started, __ATOMIC_ACQUIRE);

		if (__atomic_load_n(&thread->run_time, __ATOMIC_ACQUIRE) == run_time) {
			uint64_t now = tsc_read();

			return runs && now > started ? run_time + now - started : run_time;
		}
	}
}

uint64_t sched_ticks_to_ns(uint64_t ticks)
{
	uint64_t hz = clock_tsc_hz();

	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

/* Half of what is left of the slice: so a thread does not gain time by making others. */
void sched_share_slice(struct thread *child)
{
	struct thread *current = thread_current();
	uint64_t half = current->slice_end > current->run_time
				? (current->slice_end - current->run_time) / 2
				: 0;

	current->slice_end -= half;
	child->slice_end = half;
}
