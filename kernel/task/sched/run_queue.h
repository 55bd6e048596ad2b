/*
 * One run queue per CPU, in bands (bands.h). A ready thread goes to the queue of the CPU it ran on
 * last, or of one that idles; an idle CPU takes threads from the queues of busy ones. A thread that
 * is still on its way out of a CPU (thread_is_off_cpu) stays with that CPU: nobody else may run it
 * before it is out.
 */
#pragma once

#include "task/sched/thread.h"

/* A time slice, in ticks of the TSC: 10 ms. Constant once there is a queue. */
extern uint64_t slice_ticks;

void run_queue_init(uint32_t cpu);

/* A thread in state READY that is on no queue: chooses one, and tells its CPU if that one idles. */
void run_queue_add(struct thread *thread);

/* The next thread of this CPU, now RUNNING, or NULL. */
struct thread *run_queue_take(void);
/* One that waits at a busy CPU and may run here, now RUNNING, or NULL. */
struct thread *run_queue_steal(void);
/* Puts the current thread of this CPU at the end of its SPENT band and takes the first of the
 * queue; NULL, and nothing done: the queue is empty. */
struct thread *run_queue_rotate(struct thread *current);

/* How many threads run or wait to run, on all CPUs. A guess. */
uint32_t run_queue_load(void);
/* Is nobody waiting for this CPU? A guess, for who comes back later. */
bool run_queue_is_empty(void);

/* This CPU is about to wait for an interrupt; it does not any more. Full barriers. */
void run_queue_idle_begin(void);
void run_queue_idle_end(void);
/* From the timer of this CPU, with its current thread: counts whose turn it is, and has an idle CPU
 * look for work if somebody waits for this one. */
void run_queue_tick(const struct thread *current);

/* Interrupts another CPU, which then looks at what it has to do. */
void cpu_kick(uint32_t id);
