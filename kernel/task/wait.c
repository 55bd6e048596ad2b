/* Wait queues. */
#include "task/wait.h"

#include "task/sched.h"

void wait_queue_init(struct wait_queue *queue, const char *name)
{
	lock_init(&queue->lock, name, RANK_wait);
	list_init(&queue->waiters);
}

void wait_enter(struct wait_queue *queue, struct waiter *waiter)
{
	waiter->thread = thread_current();
	lock_acquire(&queue->lock);
	list_push_back(&queue->waiters, &waiter->node);
	lock_release(&queue->lock);
}

void wait_leave(struct wait_queue *queue, struct waiter *waiter)
{
	lock_acquire(&queue->lock);
	list_remove(&waiter->node);
	lock_release(&queue->lock);
}

void wait_wake_all(struct wait_queue *queue)
{
	lock_acquire(&queue->lock);
	LIST_FOR_EACH (node, &queue->waiters) {
		sched_wake(LIST_ENTRY(node, struct waiter, node)->thread);
	}
	lock_release(&queue->lock);
}
