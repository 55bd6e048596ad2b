/* Wait queues. */
#include "task/sched/wait.h"

#include "lib/assert.h"
#include "task/sched/sched.h"

enum { WOKEN_FIRST = 8, WOKEN_EACH = 2 };

void wait_queue_init(struct wait_queue *queue, const char *name)
{
	lock_init(&queue->lock, name, RANK_wait);
	list_init(&queue->waiters);
}

void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	waiter->thread = thread_current();
	lock_acquire(&queue->lock);
	waiter->round = queue->round;
	list_push_back(&queue->waiters, &waiter->node);
	lock_release(&queue->lock);
}

/* Caller holds queue->lock. */
static void wake_some(struct wait_queue *queue, unsigned nr)
{
	assert(lock_is_held(&queue->lock));
	for (; !list_is_empty(&queue->waiters); nr--) {
		struct waiter *waiter = LIST_ENTRY(queue->waiters.next, struct waiter, node);

		if (waiter->round == queue->round) {
			break;
		}
		if (nr == 0) {
			return;
		}
		waiter->round = queue->round;
		list_remove(&waiter->node);
		list_push_back(&queue->waiters, &waiter->node);
		sched_wake(waiter->thread);
	}
	queue->is_waking = false;
}

void wait_block(struct wait_queue *queue)
{
	sched_block();
	/* one that a round has woken sees that it goes on: sched_wake is a barrier */
	if (UNLIKELY(__atomic_load_n(&queue->is_waking, __ATOMIC_RELAXED))) {
		lock_acquire(&queue->lock);
		wake_some(queue, WOKEN_EACH);
		lock_release(&queue->lock);
	}
}

void wait_leave(struct wait_queue *queue, struct waiter *waiter)
{
	lock_acquire(&queue->lock);
	list_remove(&waiter->node);
	if (UNLIKELY(queue->is_waking)) {
		wake_some(queue, WOKEN_EACH);
	}
	lock_release(&queue->lock);
}

void wait_wake_all(struct wait_queue *queue)
{
	lock_acquire(&queue->lock);
	queue->round++;
	__atomic_store_n(&queue->is_waking, true, __ATOMIC_RELAXED);
	wake_some(queue, WOKEN_FIRST);
	lock_release(&queue->lock);
}
