/*
 * Wait queues: threads that wait for the same thing.
 *
 *	struct waiter waiter;
 *
 *	wait_enter(&queue, &waiter);
 *	for (;;) {
 *		sched_prepare();
 *		if (it is there || thread_must_exit()) {
 *			break;
 *		}
 *		sched_block();
 *	}
 *	wait_leave(&queue, &waiter);
 */
#pragma once

#include "core/lock.h"
#include "lib/list.h"

struct thread;

struct wait_queue {
	struct lock lock;
	struct list waiters; /* guarded by lock */
};

/* On the stack of the thread that waits. */
struct waiter {
	struct list node;
	struct thread *thread;
};

/* The members of a queue: struct wait_queue queue = { WAIT_QUEUE_INIT(queue) } */
#define WAIT_QUEUE_INIT(queue_name)                                                                \
	.lock = LOCK_INIT(#queue_name, RANK_wait), .waiters = LIST_INIT((queue_name).waiters)

void wait_queue_init(struct wait_queue *queue, const char *name);
void wait_enter(struct wait_queue *queue, struct waiter *waiter);
void wait_leave(struct wait_queue *queue, struct waiter *waiter);
/* Wakes all; they look again for what they wait for. */
void wait_wake_all(struct wait_queue *queue);
