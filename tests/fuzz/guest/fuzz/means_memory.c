/* Memory that is one's own, and empty at first. */
#define _GNU_SOURCE
#include "means.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bulwark.h"
#include "run.h"

enum { WORDS_OF_PAGE = BW_PAGE_SIZE / sizeof(uint64_t), STEP = 32, PAGES_MAX = 16 };

void *means_pages(unsigned nr, bool are_shared)
{
	void *pages = mmap(NULL, (size_t)nr * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_ANONYMOUS | (are_shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

void means_pages_free(void *pages, unsigned nr) { munmap(pages, (size_t)nr * BW_PAGE_SIZE); }

static bool holds(const volatile uint64_t *pages, unsigned nr, uint64_t value)
{
	for (unsigned i = 0; i < nr * WORDS_OF_PAGE; i += STEP) {
		if (pages[i] != (value ? value + i : 0)) {
			return false;
		}
	}
	return true;
}

static void fill(volatile uint64_t *pages, unsigned nr, uint64_t value)
{
	for (unsigned i = 0; i < nr * WORDS_OF_PAGE; i += STEP) {
		pages[i] = value + i;
	}
}

/* ---- copies: what a fork shares is seen by nobody else once it is written ---- */

static _Noreturn void copies_child(volatile uint64_t *own, volatile uint64_t *shared, unsigned nr)
{
	if (!holds(own, nr, 1)) {
		complain("copies: a child has other memory than its parent");
	}
	fill(own, nr, 2);
	fill(shared, nr, 3);
	if (!holds(own, nr, 2)) {
		complain("copies: what a child wrote is gone");
	}
	_exit(0);
}

void means_copies(uint64_t argument)
{
	unsigned nr = (unsigned)argument % PAGES_MAX + 1;
	void *own = means_pages(nr, false), *shared = means_pages(nr, true);
	int status;
	pid_t pid;

	if (!own || !shared) {
		return;
	}
	fill(own, nr, 1);
	pid = fork();
	if (pid == 0) {
		copies_child(own, shared, nr);
	}
	if (argument & 1) {
		fill(own, 1, 1);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && !holds(shared, nr, 3)) {
		complain("copies: what a child wrote to shared memory is not there");
	}
	if (!holds(own, nr, 1)) {
		complain("copies: a child's write reached its parent");
	}
	means_pages_free(own, nr);
	means_pages_free(shared, nr);
}

/* ---- zeroes: memory that comes is empty, whoever had it ---- */

static void zeroes_huge(void)
{
	char *memory = mmap(NULL, BW_HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_ANONYMOUS | MAP_PRIVATE | MAP_HUGETLB, -1, 0);

	if (memory == MAP_FAILED) {
		return;
	}
	for (size_t i = 0; i < BW_HUGE_PAGE_SIZE; i += BW_PAGE_SIZE) {
		if (*(volatile uint64_t *)(memory + i) != 0) {
			complain("zeroes: a new page of 2 MiB is not empty");
			break;
		}
		*(volatile uint64_t *)(memory + i) = i + 1;
	}
	munmap(memory, BW_HUGE_PAGE_SIZE);
}

static void zeroes_heap(void)
{
	long start = (syscall(SYS_brk, 0) + BW_PAGE_SIZE - 1) & -BW_PAGE_SIZE;
	volatile uint64_t *page = (void *)start;

	if (syscall(SYS_brk, start + 2 * BW_PAGE_SIZE) != start + 2 * BW_PAGE_SIZE) {
		return;
	}
	if (*page != 0) {
		complain("zeroes: a new page of the heap is not empty");
	}
	*page = 1;
	syscall(SYS_brk, start);
}

void means_zeroes(uint64_t argument)
{
	unsigned nr = (unsigned)argument % PAGES_MAX + 1;
	void *pages = means_pages(nr, argument & 1);

	if (!pages) {
		return;
	}
	if (!holds(pages, nr, 0)) {
		complain("zeroes: new memory is not empty");
	}
	fill(pages, nr, 1);
	if (!holds(pages, nr, 1)) {
		complain("zeroes: what was written is gone");
	}
	if (!(argument & 1) && madvise(pages, (size_t)nr * BW_PAGE_SIZE, MADV_DONTNEED) == 0 &&
	    !holds(pages, nr, 0)) {
		complain("zeroes: memory that was given back is not empty");
	}
	means_pages_free(pages, nr);
	if (argument == 3) {
		zeroes_huge();
	}
	zeroes_heap();
}
