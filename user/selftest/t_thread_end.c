/* How the threads of a process end, and what becomes of those that another one has to do with. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum { NR_WORKERS = 8, EXIT_RIGHT = 21 };

static int turn;

/* Some that compute, some that wait; then one does what ends them all. */
static void *compute(void *unused)
{
	(void)unused;
	for (volatile unsigned int i = 0;; i++) {}
	return NULL;
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;) {
		pause();
		syscall(SYS_futex, &turn, 0, turn, NULL, NULL, 0);
	}
	return NULL;
}

static void start_crowd(void)
{
	for (int i = 0; i < NR_WORKERS; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, i % 2 ? compute : wait_for_ever, NULL);
	}
	usleep(20000);
}

static int *volatile nowhere = NULL;

static void *fault(void *unused)
{
	(void)unused;
	*nowhere = 1;
	return NULL;
}

static int one_faults(void *unused)
{
	pthread_t thread;

	(void)unused;
	start_crowd();
	pthread_create(&thread, NULL, fault, NULL);
	compute(NULL);
	return 0;
}

static void *exit_all(void *unused)
{
	(void)unused;
	exit(EXIT_RIGHT);
}

static int one_exits(void *unused)
{
	pthread_t thread;

	(void)unused;
	start_crowd();
	pthread_create(&thread, NULL, exit_all, NULL);
	compute(NULL);
	return 0;
}

static int one_execs(void *other)
{
	static char *const arguments[] = { "good-minimal", NULL };
	pthread_t thread;

	start_crowd();
	if (other == NULL) {
		execve("/etc/good-minimal", arguments, arguments + 1);
		return 1;
	}
	pthread_create(&thread, NULL, other, NULL);
	compute(NULL);
	return 0;
}

static void *exec_it(void *unused)
{
	static char *const arguments[] = { "good-minimal", NULL };

	(void)unused;
	execve("/etc/good-minimal", arguments, arguments + 1);
	_exit(1);
}

static void *outlive(void *unused)
{
	(void)unused;
	usleep(20000);
	exit(EXIT_RIGHT);
}

static int first_ends(void *unused)
{
	pthread_t thread;

	(void)unused;
	pthread_create(&thread, NULL, outlive, NULL);
	pthread_exit(NULL);
}

static int is_killed(void *unused)
{
	(void)unused;
	start_crowd();
	kill(getpid(), SIGKILL);
	compute(NULL);
	return 0;
}

static int aborts(void *unused)
{
	(void)unused;
	start_crowd();
	abort();
}

static int forks(void *unused)
{
	pid_t child;
	int status;

	(void)unused;
	start_crowd();
	child = fork();
	if (child == 0) {
		/* alone here: its end is the process's */
		syscall(SYS_exit, EXIT_RIGHT);
	}
	return waitpid(child, &status, 0) == child && child_exit_code(status) == EXIT_RIGHT
		       ? EXIT_RIGHT
		       : 1;
}

static void test_ends(void)
{
	struct bw_report report = { 0 };
	int status = child_run_reported(one_faults, NULL, &report);

	tap_is(child_signal(status), SIGSEGV, "a fault of one thread ends all of them");
	tap_is(report.end, BW_END_USER_FAULT, "and the report tells of the fault");
	tap_is(child_exit_code(child_run(one_exits, NULL)), EXIT_RIGHT,
	       "exit in one thread ends all of them");
	tap_is(child_signal(child_run(is_killed, NULL)), SIGKILL, "a kill ends all of them");
	tap_is(child_signal(child_run(aborts, NULL)), SIGABRT, "abort ends all of them");
	tap_is(child_exit_code(child_run(first_ends, NULL)), EXIT_RIGHT,
	       "the first thread can end before the others");
	tap_is(child_exit_code(child_run(one_execs, NULL)), 42,
	       "execve ends the other threads and goes on");
	tap_is(child_exit_code(child_run(one_execs, exec_it)), 42,
	       "execve in another than the first thread, too");
	tap_is(child_exit_code(child_run(forks, NULL)), EXIT_RIGHT,
	       "a child has only the thread that forked");
}

/* The parent stands still until the child has another program. */
static void test_vfork(void)
{
	static char *const arguments[] = { "good-minimal", NULL };
	static volatile int written_by_child;
	pid_t child = vfork();
	int status = 0;

	if (child == 0) {
		usleep(20000);
		written_by_child = 1;
		execve("/etc/good-minimal", arguments, arguments + 1);
		_exit(1);
	}
	tap_is(written_by_child, 1, "vfork waits for the child, which writes to our memory");
	waitpid(child, &status, 0);
	tap_is(child_exit_code(status), 42, "and then runs a program of its own");
}

int main(void)
{
	test_ends();
	test_vfork();
	return tap_done();
}
