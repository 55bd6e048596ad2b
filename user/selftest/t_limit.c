/* Too many processes: refused, and afterwards all is as before. */
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "memory.h"
#include "tap.h"

enum {
	MOST_CHILDREN = 4096,
	NR_RAPID = 60,
	NR_RAPID_LONG = 300,
	EXIT_LIMITED = 5,
	EXIT_NO_LIMIT = 6,
	EXIT_OTHER = 7
};

static int nr_rapid;

static _Noreturn void linger(void)
{
	const struct timespec nap = { .tv_sec = 60 };

	for (;;) {
		nanosleep(&nap, NULL);
	}
}

/* Forks until it is refused, then ends all of them. */
static int fork_until_refused(void *unused)
{
	static pid_t children[MOST_CHILDREN];
	int nr = 0;
	int error = 0;

	(void)unused;
	while (nr < MOST_CHILDREN) {
		children[nr] = fork();
		if (children[nr] == 0) {
			linger();
		}
		if (children[nr] < 0) {
			error = errno;
			break;
		}
		nr++;
	}
	for (int i = 0; i < nr; i++) {
		kill(children[i], SIGKILL);
	}
	for (int i = 0; i < nr; i++) {
		waitpid(children[i], NULL, 0);
	}
	if (error == 0) {
		return EXIT_NO_LIMIT;
	}
	return error == EAGAIN || error == ENOMEM ? EXIT_LIMITED : EXIT_OTHER;
}

/* A chain, each the child of the one before; the ones in between die first, so orphans abound. */
static int fork_chain(void *unused)
{
	(void)unused;
	for (int depth = 0; depth < 50; depth++) {
		pid_t child = fork();

		if (child != 0) {
			_exit(child > 0 ? 0 : EXIT_OTHER);
		}
	}
	return 0;
}

static int fork_rapidly(void *unused)
{
	(void)unused;
	for (int i = 0; i < nr_rapid; i++) {
		pid_t child = fork();

		if (child == 0) {
			_exit(i & 0x7f);
		}
		if (child < 0 || child_exit_code(child_wait(child)) != (i & 0x7f)) {
			return 1;
		}
	}
	return 0;
}

static int as_user(void *body)
{
	setuid(1000);
	return ((child_body)body)(NULL);
}

int main(int argc, char **argv)
{
	uint64_t before_processes = memory_now().nr_processes;
	uint64_t before;

	(void)argv;
	nr_rapid = tap_rounds(argc, NR_RAPID, NR_RAPID_LONG);
	tap_is(child_exit_code(child_run(as_user, fork_until_refused)), EXIT_LIMITED,
	       "a fork bomb is refused in the end");
	tap_is((long)memory_now().nr_processes, (long)before_processes,
	       "all its processes are gone");
	tap_is(child_run(fork_rapidly, NULL), 0, "fork and exit many times over");
	before = memory_nr_free();
	tap_is(child_exit_code(child_run(as_user, fork_until_refused)), EXIT_LIMITED,
	       "a second one is refused as well");
	tap_is(child_run(fork_rapidly, NULL), 0, "and fork still works");
	tap_is(child_run(fork_chain, NULL), 0, "a chain of orphans");
	tap_is((long)memory_settled(before_processes).nr_processes, (long)before_processes,
	       "process 1 buries the orphans");
	tap_is((long)memory_nr_free(), (long)before, "no frame is lost");
	return tap_done();
}
