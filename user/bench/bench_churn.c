/* Memory churn: map pages, touch each, unmap them. */
#include <sys/mman.h>

#include "bench.h"

enum { PAGE_BYTES = 4096 };

struct work {
	uint64_t nr_pages;
	uint64_t nr;
};

static bool churn(const void *argument)
{
	const struct work *work = argument;
	size_t bytes = work->nr_pages * PAGE_BYTES;

	for (uint64_t i = 0; i < work->nr; i++) {
		char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				   -1, 0);

		if (pages == MAP_FAILED) {
			return false;
		}
		for (volatile char *page = pages; page < pages + bytes; page += PAGE_BYTES) {
			*page = 1;
		}
		if (munmap(pages, bytes) != 0) {
			return false;
		}
	}
	return true;
}

/* With several jobs each does its share of the nr; a remainder is given to all, rounded up. */
static bool run(const struct bench_figure *figure, uint64_t nr)
{
	unsigned int nr_jobs = bench_settings.nr_jobs;
	struct work work = { .nr_pages = figure->argument, .nr = (nr + nr_jobs - 1) / nr_jobs };

	return nr_jobs == 1 ? churn(&work) : bench_in_parallel(nr_jobs, churn, &work);
}

#define CHURN(pages, text)                                                                         \
	(struct bench_figure)                                                                      \
	{                                                                                          \
		.name = "churn_" #pages, .brief = text, .argument = pages, .run = run              \
	}

static const struct bench_figure figures[] = {
	CHURN(1, "mmap, touch, munmap of one page"),
	CHURN(64, "the same of 64 pages"),
	CHURN(512, "the same of 512 pages"),
};

int main(int argc, char *argv[])
{
	static const struct bench_program program = {
		.name = "bench_churn",
		.brief = "Pages mapped, touched and unmapped, over and over.",
		.figures = figures,
		.nr_figures = sizeof(figures) / sizeof(figures[0]),
		.takes_jobs = true,
	};

	return bench_main(argc, argv, &program);
}
