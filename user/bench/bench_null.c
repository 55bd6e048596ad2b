/* The null system call: one that does nothing but come and go. */
#include <sys/syscall.h>

#include "bench.h"

/* gettid: all that it does is to look where the thread has its number. */
static __attribute__((noipa)) int call(void)
{
	long result = SYS_gettid;

	__asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
	return (int)result;
}

/* The same without the one instruction that enters the kernel. */
static __attribute__((noipa)) int no_call(void)
{
	long result = SYS_gettid;

	__asm__ volatile("" : "+a"(result) : : "rcx", "r11", "memory");
	return (int)result;
}

static bool run_null(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (; nr > 0; nr--) {
		call();
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
	{ .name = "null", .brief = "gettid, with the loop around it", .run = run_null },
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
