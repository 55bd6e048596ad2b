/*
 * The scheduler: switches between threads. Which thread comes next: run_queue.h.
 */
#pragma once

#include "core/cpu.h"
#include "mm/tlb/ktlb.h"
#include "task/sched/budget.h"
#include "task/sched/thread.h"

/* Makes the run queue and the idle thread of a CPU. ENOMEM. idle.c */
status_t sched_init_cpu(struct cpu *cpu) MUST_CHECK;
/* Leaves the boot stack of this CPU for good and runs threads. idle.c */
_Noreturn void sched_enter(void);

/* Chooses a CPU for a new thread and lets it run. */
void sched_start(struct thread *thread);

/* What is left to do of a switch that did something (enum switch_did), or left somebody to see off,
 * or a flush to do. */
void sched_finish_switch(uint64_t did);

/* First thing in a new thread, and last thing in every switch. */
static inline void sched_after_switch(uint64_t did)
{
	const struct cpu *cpu = this_cpu();

	if (ASSERTIONS || UNLIKELY(did | ktlb_owes(&cpu->tlb) | (uint64_t)cpu->leaver)) {
		sched_finish_switch(did);
	}
}

/* Switches: lets others that are ready run first, and gives up the rest of the time slice. */
void sched_yield(void);

/*
 * To wait for something: sched_prepare, look whether it is there, else sched_block, and again from
 * the start. Blocks. A wake between the two is not lost. sched_block may return for no reason. No
 * lock may be held. Full barrier: sched_prepare.
 */
void sched_prepare(void);
void sched_block(void);

/* Has a claimed thread (sched_switch.h) run later. */
void sched_unclaim(struct thread *claimed);

/*
 * Any context. The caller guarantees that the thread stays alive, for instance by the lock of a
 * wait queue it is on. Full barrier.
 */
void sched_wake(struct thread *thread);

/*
 * Has the thread look at what changed for it (thread_must_exit, its CPUs): from where it waits, or
 * on its way back to user mode. Interrupts the CPU that runs it. As for sched_wake.
 */
void sched_interrupt(struct thread *thread);

/* Switches away from a dead thread. Its process is gone already. */
_Noreturn void sched_exit(void);

/* Runs a thread that run_queue_take or run_queue_steal returned. For the idle loop. */
void sched_run(struct thread *next);

/* A tick of this CPU's timer. */
void sched_tick(void);

/* A new thread, made by the current one, gets half of what that has left of its slice. */
void sched_share_slice(struct thread *child);

/* Ticks of the TSC in nanoseconds. */
uint64_t sched_ticks_to_ns(uint64_t ticks);
