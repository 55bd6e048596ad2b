/* Waking a thread at a time: exactly on a CPU that idles, else as exactly as its timer ticks. */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

struct thread;

/* On the stack of the thread that waits. */
struct timer {
	struct list node;
	uint64_t deadline_ns;
	struct thread *thread;
	uint32_t cpu; /* whose queue it is on */
};

void timer_init_cpu(uint32_t cpu);
/* Wakes the current thread at the deadline (clock_now_ns), or somewhat later. */
void timer_start(struct timer *timer, uint64_t deadline_ns);
/* Whether it has expired or not. */
void timer_stop(struct timer *timer);
/* The earliest deadline of this CPU's timers; UINT64_MAX: none. Only the CPU itself adds some. */
uint64_t timer_next_ns(void);
/* A tick of this CPU's timer. */
void timer_tick(void);
/* Blocks until the deadline, or until the thread must end. */
void timer_sleep_until(uint64_t deadline_ns);
