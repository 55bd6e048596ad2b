/* How long threads have run. */
#pragma once

#include "arch/x86_64/cpu/registers.h"
#include "task/sched/thread.h"

/* For the CPU that switches. Nobody else writes to the word, which others read whole. */
static inline void run_time_stop(struct thread *thread, uint64_t now)
{
	word_add(&thread->run_time, now);
}
static inline void run_time_start(struct thread *thread, uint64_t now)
{
	word_subtract(&thread->run_time, now);
}

/* Processor time of a thread that cannot end meanwhile, up to now, in ticks of the TSC. */
static inline uint64_t sched_run_time(const struct thread *thread)
{
	uint64_t ticks = __atomic_load_n(&thread->run_time, __ATOMIC_RELAXED);

	if (LIKELY((int64_t)ticks >= 0)) {
		return ticks;
	}
	ticks += tsc_read();
	/* that of another CPU may be behind */
	return (int64_t)ticks >= 0 ? ticks : 0;
}
