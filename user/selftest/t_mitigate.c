/* KAISER is switched off and on again and again while programs run on all processors. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cpus.h"
#include "tap.h"

enum {
	NR_SWITCHES = 12,
	NR_SWITCHES_LONG = 60,
	PAUSE_US = 2000,
	PAGE = 4096,
	NR_WORKERS_PER_CPU = 2
};

static volatile sig_atomic_t *stop;

/* Calls, faults, waits and forks; wrong results end it with 1. */
static int work(void)
{
	pid_t self = getpid();

	while (!*stop) {
		char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
		int status = 0;
		pid_t child;

		if (page == MAP_FAILED || getpid() != self) {
			return 1;
		}
		page[PAGE / 2] = 7;
		child = fork();
		if (child == 0) {
			_exit(page[PAGE / 2]);
		}
		if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 7) {
			return 2;
		}
		munmap(page, PAGE);
	}
	return 0;
}

static bool option_is_on(void)
{
	struct bw_option option;

	return bw_option_find("kaiser", &option) == 0 && strcmp(option.value, "off") != 0;
}

static bool switch_often(int nr_switches)
{
	bool all = true;

	for (int i = 0; i < nr_switches; i++) {
		all = bw_mitigate(i % 2 != 0) == 0 && option_is_on() == (i % 2 != 0) && all;
		usleep(PAUSE_US);
	}
	return all;
}

static int as_user(void *unused)
{
	(void)unused;
	return setuid(1000) == 0 && bw_mitigate(false) == -EPERM ? 0 : 1;
}

int main(int argc, char **argv)
{
	pid_t workers[2 * 256];
	int nr = NR_WORKERS_PER_CPU * cpus_count();
	bool was_on = option_is_on(), all = true;
	struct bw_audit audit;

	(void)argv;
	stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	nr = nr > 16 ? 16 : nr;
	for (int i = 0; i < nr; i++) {
		workers[i] = fork();
		if (workers[i] == 0) {
			_exit(work());
		}
	}
	tap_ok(switch_often(tap_rounds(argc, NR_SWITCHES, NR_SWITCHES_LONG)),
	       "KAISER is switched while programs run, and says so");
	*stop = 1;
	for (int i = 0; i < nr; i++) {
		all = child_exit_code(child_wait(workers[i])) == 0 && all;
	}
	tap_ok(all, "none of them notices");
	tap_is(bw_mitigate(was_on), 0, "and is as it was");
	tap_is(bw_call_mitigate(2), -EINVAL, "anything but off and on is refused");
	tap_is(child_exit_code(child_run(as_user, NULL)), 0, "and so is anybody but root");
	tap_ok(bw_audit(&audit) == 0 && audit.nr_violations == 0, "the audit is clean");
	return tap_done();
}
