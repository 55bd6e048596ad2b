/* Ticks in nanoseconds, and how slices are shared. */
#include "task/sched/run_time.h"

#include "arch/x86_64/device/clock.h"
#include "task/sched/sched.h"

#define NS_PER_S 1000000000ul

uint64_t sched_ticks_to_ns(uint64_t ticks)
{
	uint64_t hz = clock_tsc_hz();

	return ticks / hz * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

/* Half of what is left of the slice: so a thread does not gain time by making others. */
void sched_share_slice(struct thread *child)
{
	struct thread *current = thread_current();
	uint64_t run_time = sched_run_time(current);
	uint64_t half = current->slice_end > run_time ? (current->slice_end - run_time) / 2 : 0;

	current->slice_end -= half;
	child->slice_end = half;
}
