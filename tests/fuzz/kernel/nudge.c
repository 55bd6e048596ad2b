/*
 * BUILD=fuzz: lost wake-ups, whatever is waited for. A thread that is woken for no reason looks
 * again for what it waits for, and goes back to sleep. One that goes on had it all the time, and
 * nobody told it.
 */
#include "nudge.h"

#include "arch/x86_64/device/clock.h"
#include "fuzz_abi.h"
#include "task/process/process.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"

enum { MARKED_MAX = 32, TIMED_MAX = 64 };
/* A timer that is due within this time goes off by itself: nothing is lost. Behind its time it is.
 */
enum { SOON_NS = 1000000000, LATE_NS = 100000000 };

/* Threads that have a timer, and when it is due. Atomic; the linker leads those three calls here.
 */
static struct {
	const struct thread *thread;
	uint64_t deadline_ns;
} timed[TIMED_MAX];

void __real_timer_start(struct timer *timer, uint64_t deadline_ns);
void __real_timer_stop(struct timer *timer);
void __real_timer_sleep_until(uint64_t deadline_ns);
void __wrap_timer_start(struct timer *timer, uint64_t deadline_ns);
void __wrap_timer_stop(struct timer *timer);
void __wrap_timer_sleep_until(uint64_t deadline_ns);

/* A full table forgets: that thread may be thought lost. */
static void timed_change(const struct thread *from, const struct thread *to, uint64_t deadline_ns)
{
	for (unsigned i = 0; i < TIMED_MAX; i++) {
		const struct thread *expected = from;

		if (__atomic_compare_exchange_n(&timed[i].thread, &expected, to, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
			__atomic_store_n(&timed[i].deadline_ns, deadline_ns, __ATOMIC_RELEASE);
			return;
		}
	}
}

void __wrap_timer_start(struct timer *timer, uint64_t deadline_ns)
{
	timed_change(NULL, thread_current(), deadline_ns);
	__real_timer_start(timer, deadline_ns);
}

void __wrap_timer_stop(struct timer *timer)
{
	__real_timer_stop(timer);
	timed_change(thread_current(), NULL, 0);
}

void __wrap_timer_sleep_until(uint64_t deadline_ns)
{
	timed_change(NULL, thread_current(), deadline_ns);
	__real_timer_sleep_until(deadline_ns);
	timed_change(thread_current(), NULL, 0);
}

static bool is_soon(uint64_t deadline_ns)
{
	uint64_t now_ns = clock_now_ns();

	return deadline_ns + LATE_NS > now_ns && deadline_ns < now_ns + SOON_NS;
}

/* Time alone may wake it. */
static bool is_timed(const struct thread *thread)
{
	if (thread->process->alarm_ns && is_soon(thread->process->alarm_ns)) {
		return true;
	}
	for (unsigned i = 0; i < TIMED_MAX; i++) {
		if (__atomic_load_n(&timed[i].thread, __ATOMIC_ACQUIRE) == thread) {
			return is_soon(__atomic_load_n(&timed[i].deadline_ns, __ATOMIC_ACQUIRE));
		}
	}
	return false;
}

/* Of each worker, which is the only one to touch it: who slept when it looked last. */
static struct sleeper {
	const struct thread *thread;
	uint64_t run_time; /* it has not run since while this is the same */
} marked[FUZZ_WORKERS_MAX][MARKED_MAX];

struct nudge {
	uint32_t pid;
	struct sleeper *marked;
	struct sleeper found[MARKED_MAX];
	unsigned nr_found, nr_awake, nr_nudged;
};

static bool is_below(const struct process *process, uint32_t pid)
{
	while (process && process->pid != pid) {
		process = process->parent;
	}
	return process != NULL;
}

static bool was_asleep(const struct nudge *nudge, const struct thread *thread)
{
	for (unsigned i = 0; i < MARKED_MAX; i++) {
		if (nudge->marked[i].thread == thread) {
			return nudge->marked[i].run_time == thread->run_time;
		}
	}
	return false;
}

static void look_at(struct nudge *nudge, struct thread *thread)
{
	uint32_t state = __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);

	if (state != THREAD_BLOCKED || is_timed(thread)) {
		nudge->nr_awake += state != THREAD_NEW && state != THREAD_DEAD;
	} else if (was_asleep(nudge, thread)) {
		nudge->nr_nudged++;
		sched_wake(thread);
	} else if (nudge->nr_found < MARKED_MAX) {
		nudge->found[nudge->nr_found++] =
			(struct sleeper){ .thread = thread, .run_time = thread->run_time };
	}
}

/* Its last thread is on no list any more, but frees its memory, before the parent may know. */
static bool is_being_undone(const struct process *process)
{
	return list_is_empty(&process->threads) && !process->zombie;
}

/* Called with process_lock held. */
static void visit(struct process *process, const void *argument)
{
	struct nudge *nudge = *(struct nudge *const *)argument;

	if (is_below(process, nudge->pid)) {
		nudge->nr_awake += is_being_undone(process);
		LIST_FOR_EACH (node, &process->threads) {
			look_at(nudge, LIST_ENTRY(node, struct thread, process_node));
		}
	}
}

int64_t nudge(uint64_t worker, uint64_t pid)
{
	struct nudge nudge = { .pid = (uint32_t)pid, .marked = marked[worker] }, *at = &nudge;

	process_for_each(visit, &at);
	for (unsigned i = 0; i < MARKED_MAX; i++) {
		marked[worker][i] = nudge.found[i];
	}
	return nudge.nr_awake ? 0 : nudge.nr_nudged;
}
