/* The page fault: the first touch of an anonymous page, its zeroing included. */
#include <sys/mman.h>

#include "bench.h"

enum { PAGE_BYTES = 4096, NR_PAGES = 4096, NR_PAGES_AT_ONCE = 64 };

static char *pages;

static const char *setup(const struct bench_figure *figure)
{
	(void)figure;
	pages = mmap(NULL, (size_t)NR_PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return pages == MAP_FAILED ? "no memory" : NULL;
}

static bool touch(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	for (volatile char *page = pages; nr > 0; nr--, page += PAGE_BYTES) {
		*page = 1;
	}
	return true;
}

/* The whole life of a page: touched, and given back with others; on the way it is zeroed. */
static bool touch_and_discard(const struct bench_figure *figure, uint64_t nr)
{
	for (; nr > 0; nr -= nr < NR_PAGES_AT_ONCE ? nr : NR_PAGES_AT_ONCE) {
		touch(figure, nr < NR_PAGES_AT_ONCE ? nr : NR_PAGES_AT_ONCE);
		if (madvise(pages, (size_t)NR_PAGES_AT_ONCE * PAGE_BYTES, MADV_DONTNEED) != 0) {
			return false;
		}
	}
	return true;
}

/* Gives back what the pages hold; their page tables stay. */
static void prepare(const struct bench_figure *figure, uint64_t nr)
{
	(void)figure;
	(void)nr;
	madvise(pages, (size_t)NR_PAGES * PAGE_BYTES, MADV_DONTNEED);
}

/* The same loop over pages that are there. */
static void prepare_touched(const struct bench_figure *figure, uint64_t nr) { touch(figure, nr); }

static void teardown(const struct bench_figure *figure)
{
	(void)figure;
	munmap(pages, (size_t)NR_PAGES * PAGE_BYTES);
}

static const struct bench_figure figures[] = {
	{
		.name = "fault",
		.brief = "first write to an anonymous page, with the loop around it",
		.setup = setup,
		.prepare = prepare,
		.run = touch,
		.teardown = teardown,
		.batch_max = NR_PAGES,
	},
	{
		.name = "fault_life",
		.brief = "first write and, 64 pages at a time, giving back: one of both zeroes",
		.setup = setup,
		.run = touch_and_discard,
		.teardown = teardown,
	},
	{
		.name = "fault_loop",
		.brief = "that loop over pages that are there",
		.setup = setup,
		.prepare = prepare_touched,
		.run = touch,
		.teardown = teardown,
		.batch_max = NR_PAGES,
	},
};

int main(int argc, char *argv[])
{
	static const struct bench_program program = {
		.name = "bench_fault",
		.brief = "The page fault that fills an anonymous page.",
		.figures = figures,
		.nr_figures = sizeof(figures) / sizeof(figures[0]),
	};

	return bench_main(argc, argv, &program);
}
