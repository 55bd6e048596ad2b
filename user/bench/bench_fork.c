/* Processes: fork, exit and wait; and with an exec in between. */
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static const char nothing[] = "--nothing";
static char *const argv_nothing[] = { "bench_fork", (char *)nothing, NULL };
static char *const environment[] = { NULL };
static const char *self;

static bool wait_for(pid_t child)
{
	int status;

	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool run_fork(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (; nr > 0; nr--) {
		pid_t child = fork();

		if (child == 0) {
			_exit(0);
		}
		if (!wait_for(child)) {
			return false;
		}
	}
	return true;
}

/* Without what libc does around the call. */
static bool run_fork_bare(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (; nr > 0; nr--) {
		pid_t child = (pid_t)syscall(SYS_fork);

		if (child == 0) {
			syscall(SYS_exit_group, 0);
		}
		if (!wait_for(child)) {
			return false;
		}
	}
	return true;
}

static bool run_exec(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (; nr > 0; nr--) {
		pid_t child = fork();

		if (child == 0) {
			execve(self, argv_nothing, environment);
			_exit(1);
		}
		if (!wait_for(child)) {
			return false;
		}
	}
	return true;
}

static const struct bench_figure figures[] = {
	{ .name = "fork_bare", .brief = "fork, exit, wait as plain calls", .run = run_fork_bare },
	{ .name = "fork_exit", .brief = "fork, exit, wait through libc", .run = run_fork },
	{ .name = "fork_exec", .brief = "fork, exec of this program, exit, wait", .run = run_exec },
};

int main(int argc, char *argv[])
{
	static const struct bench_program program = {
		.name = "bench_fork",
		.brief = "Processes that come and go.",
		.figures = figures,
		.nr_figures = sizeof(figures) / sizeof(figures[0]),
	};

	if (argc == 2 && strcmp(argv[1], nothing) == 0) {
		return 0;
	}
	self = bench_self(argv[0]);
	return bench_main(argc, argv, &program);
}
