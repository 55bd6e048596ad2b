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
 *		wait_block(&queue);
 *	}
 *	wait_leave(&queue, &waiter);
 */
#pragma once

#include "core/lock.h"
#include "lib/list.h"

struct thread;

struct wait_queue {
	struct lock lock;
	/* Guarded by lock. */
	struct list waiters; /* those that the last round has woken are at the end */
	uint64_t round;      /* how often all were to be woken */
	bool is_waking; /* the round is not over; read without the lock, by those it has woken */
};

/* On the stack of the thread that waits. */
struct waiter {
	struct list node;
	uint64_t round; /* guarded by the queue's lock: the last that has woken it, or began before
			 */
	struct thread *thread;
};

/* The members of a queue: struct wait_queue queue = { WAIT_QUEUE_INIT(queue) } */
#define WAIT_QUEUE_INIT(queue_name)                                                                \
	.lock = LOCK_INIT(#queue_name, RANK_wait), .waiters = LIST_INIT((queue_name).waiters)

void wait_queue_init(struct wait_queue *queue, const char *name);
void wait_enter(struct wait_queue *queue, struct waiter *waiter);
void wait_leave(struct wait_queue *queue, struct waiter *waiter);
/* sched_block, of a thread on the queue. */
void wait_block(struct wait_queue *queue);
/*
 * Wakes all; they look again for what they wait for. However many there are, it wakes only the
 * first few itself: each one that has woken wakes two more.
 */
void wait_wake_all(struct wait_queue *queue);
