/* Runs pieces of tests in processes of their own. */
#include "child.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NR_YIELDS = 200, NR_SLEEPS = 10000, SLEEP_NS = 1000000 };

int child_wait(pid_t child)
{
	const struct timespec nap = { .tv_nsec = SLEEP_NS };
	int status;

	for (int i = 0; i < NR_YIELDS + NR_SLEEPS; i++) {
		if (waitpid(child, &status, WNOHANG) == child) {
			return status;
		}
		if (i < NR_YIELDS) {
			sched_yield();
		} else {
			nanosleep(&nap, NULL);
		}
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return CHILD_HUNG;
}

int child_run_reported(child_body body, void *argument, struct bw_report *report)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		_exit(body(argument));
	}
	if (child < 0) {
		return CHILD_NOT_STARTED;
	}
	status = child_wait(child);
	if (report != NULL && bw_report(child, report) < 0) {
		report->pid = 0;
	}
	return status;
}

int child_run(child_body body, void *argument) { return child_run_reported(body, argument, NULL); }

int child_signal(int wait_status)
{
	return wait_status >= 0 && WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
}

int child_exit_code(int wait_status)
{
	return wait_status >= 0 && WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

static int read_body(void *argument)
{
	(void)*(const volatile char *)argument;
	return 0;
}

static int write_body(void *argument)
{
	*(volatile char *)argument = 1;
	return 0;
}

bool child_faults_reading(const volatile void *address)
{
	return child_signal(child_run(read_body, (void *)address)) == SIGSEGV;
}

bool child_faults_writing(volatile void *address)
{
	return child_signal(child_run(write_body, (void *)address)) == SIGSEGV;
}
