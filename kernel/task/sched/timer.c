/* One queue of timers per CPU, sorted by deadline. */
#include "task/sched/timer.h"

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/smp/apic.h"
#include "core/lock.h"
#include "task/sched/sched.h"

struct timer_queue {
	struct lock lock;
	struct list timers; /* guarded by lock; earliest deadline first */
};

/* As many as are woken in one go. */
enum { WAKES_PER_TICK = 16 };

static struct timer_queue queues[NR_CPUS_MAX];

void timer_init_cpu(uint32_t cpu)
{
	lock_init(&queues[cpu].lock, "timers", RANK_timer);
	list_init(&queues[cpu].timers);
}

static struct timer *timer_of(struct list *node) { return LIST_ENTRY(node, struct timer, node); }

void timer_start(struct timer *timer, uint64_t deadline_ns)
{
	struct timer_queue *queue;
	struct list *before;

	timer->thread = thread_current();
	timer->deadline_ns = deadline_ns;
	timer->cpu = this_cpu()->id;
	queue = &queues[timer->cpu];
	lock_acquire(&queue->lock);
	for (before = queue->timers.next; before != &queue->timers; before = before->next) {
		if (timer_of(before)->deadline_ns > deadline_ns) {
			break;
		}
	}
	list_insert(before, &timer->node);
	lock_release(&queue->lock);
}

void timer_stop(struct timer *timer)
{
	struct timer_queue *queue = &queues[timer->cpu];

	lock_acquire(&queue->lock);
	list_remove(&timer->node);
	lock_release(&queue->lock);
}

uint64_t timer_next_ns(void)
{
	struct timer_queue *queue = &queues[this_cpu()->id];
	uint64_t next_ns = UINT64_MAX;

	lock_acquire(&queue->lock);
	if (!list_is_empty(&queue->timers)) {
		next_ns = timer_of(queue->timers.next)->deadline_ns;
	}
	lock_release(&queue->lock);
	return next_ns;
}

void timer_tick(void)
{
	struct timer_queue *queue = &queues[this_cpu()->id];
	uint64_t now_ns = clock_now_ns();
	unsigned nr_left = WAKES_PER_TICK;

	lock_acquire(&queue->lock);
	LIST_FOR_EACH (node, &queue->timers) {
		struct timer *timer = timer_of(node);

		if (timer->deadline_ns > now_ns) {
			break;
		}
		if (nr_left-- == 0) {
			/* the others as soon as whoever else waits has been let in */
			apic_send_ipi(this_cpu()->apic_id, VECTOR_TIMER);
			break;
		}
		/* on no list from here on: timer_stop may remove it once more */
		list_remove(&timer->node);
		sched_wake(timer->thread);
	}
	lock_release(&queue->lock);
}

void timer_sleep_until(uint64_t deadline_ns)
{
	struct timer timer;

	timer_start(&timer, deadline_ns);
	for (;;) {
		sched_prepare();
		if (clock_now_ns() >= deadline_ns || thread_must_exit()) {
			break;
		}
		sched_block();
	}
	timer_stop(&timer);
}
