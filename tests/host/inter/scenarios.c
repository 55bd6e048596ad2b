/* The scenarios. */
#include "scenario.h"

#include "task/futex.h"
#include "task/ipc.h"
#include "task/process_end.h"
#include "task/sched.h"
#include "task/signal.h"

static void kill_first(void)
{
	lock_acquire(&process_lock);
	if (process_find(2)) {
		(void)process_begin_exit(process_find(2), status_of_signal(9), BW_END_KILLED);
	}
	lock_release(&process_lock);
}

static void killer(void) { CALL(kill_first()); }

static void futex_sleeper(void)
{
	status_t result;
	struct futex_wait wait = { .at = user_at(0),
				   .scope = FUTEX_THREADS,
				   .bits = FUTEX_ALL_BITS,
				   .deadline_ns = FUTEX_NO_DEADLINE };

	CALL(result = futex_wait(&wait));
	(void)result;
}

static void futex_waker(void)
{
	user_step();
	*user_word(user_at(0)) = 1;
	CALL((void)futex_wake(user_at(0), FUTEX_THREADS, 1));
}

const struct scenario scenarios[] = {
	{ .name = "futex: wait, wake",
	  .programs = { futex_sleeper, futex_waker },
	  .nr_cpus = 2 },
	{ .name = "futex: wait, kill",
	  .programs = { futex_sleeper, killer },
	  .process = { 0, 1 },
	  .nr_cpus = 2 },
	{ .name = "futex: wait, wake, kill",
	  .programs = { futex_sleeper, futex_waker, killer },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 3 },
};
const unsigned nr_scenarios = ARRAY_SIZE(scenarios);
