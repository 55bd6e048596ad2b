/* Futexes. */
#include "programs.h"
#include "task/ipc/futex.h"

static void wait_for(unsigned word, enum futex_scope scope, uint64_t deadline_ns)
{
	status_t status =
		(status_t)futex_wait(user_at(word), scope, 0, FUTEX_ALL_BITS, deadline_ns);

	EXPECT(status == STATUS_OK || status == STATUS_EAGAIN || is_ended(status) ||
	       (status == STATUS_ETIMEDOUT && sim.clock_ns >= deadline_ns));
}

static void sleep_for_word(void) { CALL(wait_for(0, FUTEX_THREADS, FUTEX_NO_DEADLINE)); }
static void sleep_for_any(void) { CALL(wait_for(0, FUTEX_ANY, FUTEX_NO_DEADLINE)); }
static void sleep_till(void) { CALL(wait_for(0, FUTEX_THREADS, 500)); }

static void word_set(void)
{
	user_step();
	__atomic_store_n(user_word(user_at(0)), 1, __ATOMIC_RELAXED);
}

static void wake_word(void)
{
	word_set();
	CALL((void)futex_wake(user_at(0), FUTEX_THREADS, 1));
}

static void wake_any(void)
{
	word_set();
	CALL((void)futex_wake(user_at(0), FUTEX_ANY, 1));
}

static void wake_all(void)
{
	word_set();
	CALL((void)futex_wake(user_at(0), FUTEX_THREADS, 2));
}

/* Whoever came too late for the first has seen the word change. */
static void requeue(void)
{
	word_set();
	CALL((void)futex_requeue(user_at(0), user_at(1), FUTEX_THREADS, 0, 2));
	CALL((void)futex_wake(user_at(1), FUTEX_THREADS, 2));
}

static void requeue_same(void)
{
	word_set();
	CALL((void)futex_requeue(user_at(0), user_at(0), FUTEX_THREADS, 0, 2));
	CALL((void)futex_wake(user_at(0), FUTEX_THREADS, 2));
}

const struct scenario scenarios_futex[] = {
	{ .name = "futex: wait, wake", .programs = { sleep_for_word, wake_word }, .nr_cpus = 2 },
	{ .name = "futex: wait, kill",
	  .programs = { sleep_for_word, kill_first },
	  .process = { 0, 1 },
	  .nr_cpus = 2 },
	{ .name = "futex: shared word, wait, wake",
	  .programs = { sleep_for_any, wake_any },
	  .process = { 0, 1 },
	  .nr_cpus = 2 },
	{ .name = "futex: two wait, wake",
	  .programs = { sleep_for_word, sleep_for_word, wake_all },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "futex: wait with timeout",
	  .programs = { sleep_till },
	  .nr_cpus = 1,
	  .nr_ticks = 1 },
	{ .name = "futex: wait with timeout, wake",
	  .programs = { sleep_till, wake_word },
	  .nr_cpus = 2,
	  .nr_ticks = 1,
	  .is_long = true },
	{ .name = "futex: wait with timeout, wake, kill",
	  .programs = { sleep_till, wake_word, kill_first },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 2,
	  .nr_ticks = 1,
	  .is_long = true },
	{ .name = "futex: wait, wake, kill",
	  .programs = { sleep_for_word, wake_word, kill_first },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 2 },
	{ .name = "futex: wait, wake, kill, on three CPUs",
	  .programs = { sleep_for_word, wake_word, kill_first },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 3,
	  .is_long = true },
	{ .name = "futex: wait, requeue", .programs = { sleep_for_word, requeue }, .nr_cpus = 2 },
	{ .name = "futex: wait, requeue to the same word",
	  .programs = { sleep_for_word, requeue_same },
	  .nr_cpus = 2 },
	{ .name = "futex: wait, requeue, wake",
	  .programs = { sleep_for_word, requeue, wake_word },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "futex: wait, requeue, kill",
	  .programs = { sleep_for_word, requeue, kill_first },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "futex: wait, requeue, kill, on three CPUs",
	  .programs = { sleep_for_word, requeue, kill_first },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 3,
	  .is_long = true },
	{ .name = NULL },
};
