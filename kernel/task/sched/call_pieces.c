/* Lets others in between two pieces of a long call, and has calls wait for the end of another. */
#include "task/sched/call_pieces.h"

#include "arch/x86_64/cpu/registers.h"
#include "core/lock.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "task/sched/budget.h"
#include "task/sched/sched.h"

enum { NR_QUEUES = 64 };

/* Those that wait for the end of something, longest waiting first, by what it is. */
struct queue {
	struct lock lock;
	struct list sleepers; /* guarded by lock */
};

static struct queue queues[NR_QUEUES];

/* On the stack of the thread that waits. */
struct sleeper {
	struct list node;
	const void *what;
	struct thread *thread;
};

/*
 * The interrupts find the thread as they find the idle loop: with no lock held, in the middle of
 * nothing. A fault in one of them is not the thread's doing.
 */
static void interrupts_take(struct thread *thread)
{
	bool works_for_kernel = thread->works_for_kernel;

	thread->works_for_kernel = true;
	budget_end();
	interrupts_admit();
	budget_begin();
	thread->works_for_kernel = works_for_kernel;
}

static void interrupts_if_free(void)
{
	if (this_cpu()->nr_held == 0 && !this_cpu()->window_is_open) {
		interrupts_take(thread_current());
	}
}

/*
 * A thread that must end has been told to look around, and goes on being told until it is on its
 * way out; that is no reason to let others run at the end of each piece of what it still has to do.
 */
static bool end_piece(void)
{
	struct thread *thread = thread_current();

	assert(this_cpu()->nr_held == 0 && !this_cpu()->window_is_open);
	if (thread_must_exit()) {
		this_cpu()->need_resched = false;
	}
	interrupts_take(thread);
	if (this_cpu()->need_resched) {
		sched_yield();
	}
	if (!thread_must_exit()) {
		return false;
	}
	cpu_request_resched();
	return true;
}

/* What is waited for lies in objects of their own: the lowest bits say nothing. */
static struct queue *queue_of(const void *what)
{
	return &queues[((uint64_t)what * 0x9e3779b97f4a7c15ul) >> 58];
}

static bool wait(const void *what, bool (*is_over)(const void *what))
{
	struct queue *queue = queue_of(what);
	struct sleeper self = { .what = what, .thread = thread_current() };

	lock_acquire(&queue->lock);
	list_push_back(&queue->sleepers, &self.node);
	lock_release(&queue->lock);
	for (;;) {
		sched_prepare();
		if (is_over(what) || thread_must_exit()) {
			break;
		}
		sched_block();
	}
	lock_acquire(&queue->lock);
	list_remove(&self.node);
	lock_release(&queue->lock);
	return thread_must_exit();
}

/* It stays on the list until it has come: woken twice is no harm, and who is first goes first. */
static void wake_one(const void *what)
{
	struct queue *queue = queue_of(what);

	lock_acquire(&queue->lock);
	LIST_FOR_EACH (node, &queue->sleepers) {
		struct sleeper *sleeper = LIST_ENTRY(node, struct sleeper, node);

		if (sleeper->what == what) {
			sched_wake(sleeper->thread);
			break;
		}
	}
	lock_release(&queue->lock);
}

void call_pieces_init(void)
{
	static_assert(NR_QUEUES == 1 << (64 - 58), "queue_of takes six bits");
	for (unsigned i = 0; i < NR_QUEUES; i++) {
		lock_init(&queues[i].lock, "call pieces", RANK_wait);
		list_init(&queues[i].sleepers);
	}
	poll_hooks = (struct poll_hooks){ end_piece, interrupts_if_free, wait, wake_one };
}
