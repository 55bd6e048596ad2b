/* The null system call: one that does nothing but come and go. */
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* Like libc's getppid, without the one instruction that enters the kernel. */
static __attribute__((noipa)) int no_call(void) { return SYS_getppid; }

static bool run_null(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (; nr > 0; nr--) {
		getppid();
	}
	return true;
}

static bool run_loop(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (; nr > 0; nr--) {
		no_call();
	}
	return true;
}

static const struct bench_figure figures[] = {
	{ .name = "null", .brief = "getppid, with the loop around it", .run = run_null },
	{ .name = "null_loop", .brief = "that loop without the call", .run = run_loop },
};

int main(int argc, char *argv[])
{
	static const struct bench_program program = {
		.name = "bench_null",
		.brief = "The null system call.",
		.figures = figures,
		.nr_figures = sizeof(figures) / sizeof(figures[0]),
	};

	return bench_main(argc, argv, &program);
}
