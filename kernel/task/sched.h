/*
 * The scheduler: one run queue per CPU, round robin. A thread is woken onto the queue of the CPU it
 * last ran on, which alone takes threads from it; so a thread woken while it is still on its way
 * out runs again only after it is out.
 */
#pragma once

#include "task/thread.h"

/* Makes the run queue and the idle thread of a CPU. ENOMEM. */
status_t sched_init_cpu(struct cpu *cpu) MUST_CHECK;
/* Leaves the boot stack of this CPU for good and runs threads. */
_Noreturn void sched_enter(void);

/* Chooses a CPU for a new thread and lets it run. */
void sched_start(struct thread *thread);

/*
 * First thing in a new thread, and last thing in every switch: frees the stack of a thread that is
 * gone.
 */
void sched_after_switch(void);

/* Switches: lets others that are ready run first. */
void sched_yield(void);

/*
 * To wait for something: sched_prepare, look whether it is there, else sched_block, and again from
 * the start. Blocks. A wake between the two is not lost. sched_block may return for no reason. No
 * lock may be held.
 */
void sched_prepare(void);
void sched_block(void);

/*
 * Any context. The caller guarantees that the thread stays alive, for instance by the lock of a
 * wait queue it is on.
 */
void sched_wake(struct thread *thread);

/* Switches away from a dead thread. Its process is gone already. */
_Noreturn void sched_exit(void);

/* A tick of this CPU's timer. */
void sched_tick(void);

/* Processor time of the current thread, in nanoseconds. */
uint64_t sched_cpu_ns(void);
