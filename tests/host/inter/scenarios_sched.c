/* Sleeping, waking, switching, moving. */
#include "core/poll.h"
#include "programs.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"
#include "task/sched/wait.h"

static struct wait_queue queue = { WAIT_QUEUE_INIT(queue) };
static uint32_t flag;

static bool is_set(const void *what)
{
	return __atomic_load_n((const uint32_t *)what, __ATOMIC_ACQUIRE);
}
static void set(void) { __atomic_store_n(&flag, 1, __ATOMIC_RELEASE); }

static void wait_on_queue(void)
{
	struct waiter waiter;

	wait_enter(&queue, &waiter);
	for (;;) {
		sched_prepare();
		if (is_set(&flag) || thread_must_exit()) {
			break;
		}
		wait_block(&queue);
	}
	wait_leave(&queue, &waiter);
}

static void sleep_on_queue(void) { CALL(wait_on_queue()); }

static void wake_queue(void) { CALL(set(); wait_wake_all(&queue)); }

/* The lock keeps the thread alive, as that of any queue does. */
static void sleep_alone(void)
{
	user_step();
	for (;;) {
		sched_prepare();
		if (is_set(&flag)) {
			break;
		}
		sched_block();
	}
	lock_acquire(&queue.lock);
	lock_release(&queue.lock);
	call_end();
}

static void wake_once(void)
{
	user_step();
	lock_acquire(&queue.lock);
	set();
	sched_wake(threads[0]);
	lock_release(&queue.lock);
	call_end();
}

/* The second wake may find the thread woken already. */
static void wake_twice(void)
{
	user_step();
	lock_acquire(&queue.lock);
	if (!__atomic_load_n(&flag, __ATOMIC_RELAXED)) {
		sched_wake(threads[0]);
		set();
		sched_wake(threads[0]);
	}
	lock_release(&queue.lock);
	call_end();
}

static void yield(void) { CALL(sched_yield()); }

static void yield_twice(void)
{
	yield();
	yield();
}

/* sched_setaffinity of thread 0, by another of its process. */
static void move_first(void)
{
	user_step();
	lock_acquire(&process_lock);
	if (process_find_thread(FIRST_PID)) {
		__atomic_store_n(&threads[0]->allowed.words[0], 2, __ATOMIC_RELAXED);
		sched_interrupt(threads[0]);
	}
	lock_release(&process_lock);
	call_end();
}

static void sleep_until(void) { CALL(timer_sleep_until(500)); }

/* --- the end of another's call --- */

static void wait_for_end(void)
{
	user_step();
	if (!poll_wait(&flag, is_set)) {
		poll_wake_one(&flag);
	}
	call_end();
}

static void end_call(void) { CALL(set(); poll_wake_one(&flag)); }

const struct scenario scenarios_sched[] = {
	{ .name = "sleep, wake", .programs = { sleep_alone, wake_once }, .nr_cpus = 2 },
	{ .name = "sleep, wake, on one CPU", .programs = { sleep_alone, wake_once }, .nr_cpus = 1 },
	{ .name = "sleep, two wakes", .programs = { sleep_alone, wake_twice }, .nr_cpus = 2 },
	{ .name = "sleep, wake, a third CPU",
	  .programs = { sleep_alone, wake_once },
	  .nr_cpus = 3,
	  .is_long = true },
	{ .name = "wait queue: sleep, wake",
	  .programs = { sleep_on_queue, wake_queue },
	  .nr_cpus = 2 },
	{ .name = "wait queue: two sleep, wake",
	  .programs = { sleep_on_queue, sleep_on_queue, wake_queue },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "wait queue: sleep, kill",
	  .programs = { sleep_on_queue, kill_first },
	  .process = { 0, 1 },
	  .nr_cpus = 2 },
	{ .name = "wait queue: sleep, wake, kill",
	  .programs = { sleep_on_queue, wake_queue, kill_first },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 2 },
	{ .name = "wait queue: sleep, wake, kill, on three CPUs",
	  .programs = { sleep_on_queue, wake_queue, kill_first },
	  .process = { 0, 1, 2 },
	  .nr_cpus = 3,
	  .is_long = true },
	{ .name = "timer: sleep", .programs = { sleep_until }, .nr_cpus = 1, .nr_ticks = 1 },
	{ .name = "timer: sleep, kill",
	  .programs = { sleep_until, kill_first },
	  .process = { 0, 1 },
	  .nr_cpus = 2,
	  .nr_ticks = 1,
	  .is_long = true },
	{ .name = "timer: sleep, yield",
	  .programs = { sleep_until, yield },
	  .nr_cpus = 2,
	  .nr_ticks = 1 },
	{ .name = "yield, steal", .programs = { yield, yield, yield }, .nr_cpus = 2 },
	{ .name = "yield, wake, steal",
	  .programs = { sleep_alone, wake_once, yield_twice },
	  .nr_cpus = 2 },
	{ .name = "preempt, steal",
	  .programs = { yield, user_step, yield },
	  .nr_cpus = 2,
	  .nr_ticks = 2,
	  .is_long = true },
	{ .name = "move, sleep, wake",
	  .programs = { sleep_alone, wake_once, move_first },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "move, user mode", .programs = { yield, move_first }, .nr_cpus = 2 },
	{ .name = "move, kill",
	  .programs = { user_wait, move_first, kill_first },
	  .process = { 0, 1, 1 },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "user mode, kill",
	  .programs = { user_wait, kill_first },
	  .process = { 0, 1 },
	  .nr_cpus = 2 },
	{ .name = "user mode, yield, kill",
	  .programs = { user_wait, kill_first, yield },
	  .process = { 0, 1, 2 },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "call pieces: wait, end", .programs = { wait_for_end, end_call }, .nr_cpus = 2 },
	{ .name = "call pieces: two wait, end",
	  .programs = { wait_for_end, wait_for_end, end_call },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "call pieces: wait, end, kill",
	  .programs = { wait_for_end, end_call, kill_first },
	  .process = { 0, 1, 1 },
	  .nr_cpus = 2 },
	{ .name = NULL },
};
