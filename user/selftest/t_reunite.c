/*
 * Free memory is whole again after any use of it: a process gets as many large pages as before, and
 * all single pages but those that are kept back, wherever they were kept meanwhile.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "memory.h"
#include "tap.h"

enum {
	SOMEBODY = 1000,
	NR_FREED = 100, /* more than a processor keeps */
	NR_TABLES = 20,
	NR_SHARES = 64,
	NR_SHARES_KEPT = 3, /* of memory, from all but root */
	SLACK_FRAMES = 8,
	LARGE_PERCENT = 90, /* what the kernel allocates meanwhile may lie anywhere */
};
#define PLENTY_BYTES (64ul << 30)

/* Shared with the children. */
static volatile uint64_t *counted;

static char *map(size_t nr_bytes, int flags)
{
	char *start = mmap(NULL, nr_bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	return start == MAP_FAILED ? NULL : start;
}

/* The kernel writes there: where there is no memory it says so, and the process lives. */
static bool is_touched(char *page)
{
	return clock_gettime(CLOCK_MONOTONIC, (struct timespec *)page) == 0;
}

/* Runs a body as somebody on a processor. */
static void run(int cpu, void (*body)(void))
{
	pid_t child = fork();

	if (child == 0) {
		cpus_pin(cpu);
		if (setuid(SOMEBODY) == 0) {
			body();
		}
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void take_large_pages(void)
{
	char *page;

	*counted = 0;
	while ((page = map(BW_HUGE_PAGE_SIZE, MAP_HUGETLB)) != NULL && is_touched(page)) {
		++*counted;
	}
}

static uint64_t nr_large_pages(void)
{
	run(0, take_large_pages);
	return *counted;
}

/* A page in each 2 MiB, and a page table for it. */
static void touch_sparsely(void)
{
	char *start = map(PLENTY_BYTES, 0);

	for (size_t at = 0; start && at < PLENTY_BYTES && is_touched(start + at);
	     at += BW_HUGE_PAGE_SIZE) {}
}

static void touch_all(void)
{
	char *start = map(PLENTY_BYTES, 0);
	size_t at = 0;

	while (start && is_touched(start + at)) {
		at += BW_PAGE_SIZE;
	}
	*counted = memory_nr_free();
}

static void fill_stocks(void)
{
	char *pages = map(NR_FREED * BW_PAGE_SIZE, 0);
	char *sparse = map(NR_TABLES * BW_HUGE_PAGE_SIZE, 0);

	for (size_t i = 0; i < NR_FREED; i++) {
		pages[i * BW_PAGE_SIZE] = 1;
	}
	munmap(pages, NR_FREED * BW_PAGE_SIZE);
	for (size_t i = 0; i < NR_TABLES; i++) {
		sparse[i * BW_HUGE_PAGE_SIZE] = 1;
	}
}

int main(int argc, char **argv)
{
	uint64_t before, after, kept;

	(void)argv;
	counted =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	run(0, touch_all);
	before = nr_large_pages();
	for (int i = 0; i < tap_rounds(argc, 1, 2); i++) {
		run(0, touch_all);
		run(0, touch_sparsely);
	}
	after = nr_large_pages();
	tap_ok(before > 0 && after * 100 >= before * LARGE_PERCENT,
	       "after memory was used in single pages there are %lu large ones (before: %lu)",
	       after, before);

	for (int cpu = 0; cpu < cpus_count(); cpu++) {
		run(cpu, fill_stocks);
	}
	run(0, touch_all);
	kept = NR_SHARES_KEPT * (memory_now().nr_frames_usable / NR_SHARES);
	tap_ok(*counted <= kept + SLACK_FRAMES,
	       "when a page is refused %lu frames are free, and %lu are kept back", *counted, kept);
	return tap_done();
}
