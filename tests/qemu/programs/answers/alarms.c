/* setitimer, getitimer, alarm. */
#include "say.h"

#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void be_woken(void)
{
	alarm(1);
	CALL(SYS_pause, 0);
}
static void be_woken_soon(void)
{
	struct itimerval soon = { .it_value = { 0, 20000 } };

	setitimer(ITIMER_REAL, &soon, NULL);
	usleep(2000000);
}
static void block_it(void)
{
	struct itimerval soon = { .it_value = { 0, 20000 }, .it_interval = { 0, 20000 } };
	long set = 1l << (SIGALRM - 1), pending = 0;

	CALL(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	setitimer(ITIMER_REAL, &soon, NULL);
	usleep(100000);
	CALL(SYS_rt_sigpending, &pending, 8);
	_exit(pending == set ? 3 : 4);
}
static void compute(void)
{
	struct itimerval soon = { .it_value = { 0, 20000 } };

	setitimer(ITIMER_REAL, &soon, NULL);
	for (;;) {}
}
static void let_child_sleep(void)
{
	int status = 0, pid;

	alarm(100);
	pid = fork();
	if (pid == 0) {
		_exit(alarm(0) == 0 ? 3 : 4);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

void say_alarms(void)
{
	struct itimerval value = { { 0, 0 }, { 0, 0 } }, wrong = { { 0, 1000000 }, { 0, 0 } },
			 before = { { 0, 0 }, { -1, 0 } };

	SAY(alarm, "none", 0);
	SAY(alarm, "in 100 seconds", 100);
	SAY(alarm, "in 50, it was in 100", 50);
	SAY(alarm, "none, with a high half", HIGH(0));
	SAY(alarm, "none again", 0);
	SAY(getitimer, "real time", 0, &value);
	say("getitimer", "nothing is left", value.it_value.tv_sec + value.it_value.tv_usec);
	SAY(getitimer, "of no kind", 9, &value);
	SAY(getitimer, "null", 0, NULL);
	SAY(getitimer, "of no kind, null", 9, NULL);
	SAY(getitimer, "processor time", 2, &value);
	SAY(setitimer, "null", 0, NULL, NULL);
	SAY(setitimer, "of no kind", 9, NULL, NULL);
	SAY(setitimer, "from null but 8, of no kind", 9, 8, NULL);
	SAY(setitimer, "a second's worth of microseconds", 0, &wrong, NULL);
	SAY(setitimer, "negative seconds", 0, &before, NULL);
	SAY(setitimer, "the old one to a kernel address", 0, &value, KERNEL_ADDRESS);
	SAY(setitimer, "processor time", 2, &value, NULL);
	say_end("alarm", "ends a process that waits", be_woken);
	say_end("setitimer", "ends a process that sleeps", be_woken_soon);
	say_end("setitimer", "ends a process that computes", compute);
	say_end("setitimer", "stays pending where it is blocked", block_it);
	say_end("alarm", "is not inherited", let_child_sleep);
}
