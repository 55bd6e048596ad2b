/* The round trip between two processes through two pipes, one byte each way. Linux only. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { END_READ, END_WRITE, NR_ENDS };

static int to_partner[NR_ENDS], from_partner[NR_ENDS];
static pid_t partner;

static const char *setup(const struct bench_figure *figure)
{
	char byte;

	(void)figure;
	if (pipe(to_partner) != 0 || pipe(from_partner) != 0) {
		return "no pipes";
	}
	partner = fork();
	while (partner == 0 && read(to_partner[END_READ], &byte, 1) == 1 &&
	       write(from_partner[END_WRITE], &byte, 1) == 1) {}
	if (partner == 0) {
		_exit(1);
	}
	return partner < 0 ? "fork failed" : NULL;
}

static bool run(const struct bench_figure *figure, uint64_t nr)
{
	char byte = 0;

	(void)figure;
	for (; nr > 0; nr--) {
		if (write(to_partner[END_WRITE], &byte, 1) != 1 ||
		    read(from_partner[END_READ], &byte, 1) != 1) {
			return false;
		}
	}
	return true;
}

static void teardown(const struct bench_figure *figure)
{
	(void)figure;
	kill(partner, SIGKILL);
	waitpid(partner, NULL, 0);
}

static const struct bench_figure figures[] = {
	{
		.name = "pipe",
		.brief = "a byte to another process and back",
		.setup = setup,
		.run = run,
		.teardown = teardown,
	},
};

int main(int argc, char *argv[])
{
	static const struct bench_program program = {
		.name = "bench_pipe",
		.brief = "A round trip between two processes through pipes.",
		.figures = figures,
		.nr_figures = sizeof(figures) / sizeof(figures[0]),
	};

	return bench_main(argc, argv, &program);
}
