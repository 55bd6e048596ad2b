/* Memory in many regions, memory that moves, and pages of 2 MiB: it holds what was written. */
#define _GNU_SOURCE
#include "means.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bulwark.h"
#include "run.h"

enum {
	REGIONS = 96,
	MOVED_PAGES = 8,
	HUGE_STEP = 64 * BW_PAGE_SIZE,
	HOG_BYTES = 64 * BW_PAGE_SIZE,
	HOG_MAX = 128
};

static void write_pages(char *at, unsigned nr, uint64_t value)
{
	for (unsigned i = 0; i < nr; i++) {
		*(volatile uint64_t *)(at + (size_t)i * BW_PAGE_SIZE) = value + i;
	}
}

static bool pages_hold(char *at, unsigned nr, uint64_t value)
{
	for (unsigned i = 0; i < nr; i++) {
		if (*(volatile uint64_t *)(at + (size_t)i * BW_PAGE_SIZE) != value + i) {
			return false;
		}
	}
	return true;
}

/* Places among many regions: a page, more than a gap between two holds, low, aligned. */
static void find_gaps(uint64_t argument)
{
	static const size_t lens[] = { BW_PAGE_SIZE, 2 * BW_PAGE_SIZE, HOG_BYTES,
				       BW_HUGE_PAGE_SIZE };

	for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		int flags = MAP_PRIVATE | MAP_ANONYMOUS | (argument & 4 ? MAP_32BIT : 0) |
			    (lens[i] == BW_HUGE_PAGE_SIZE ? MAP_HUGETLB : 0);
		void *at = mmap(NULL, lens[i], PROT_NONE, flags, -1, 0);

		if (at != MAP_FAILED) {
			munmap(at, lens[i]);
		}
	}
}

/* More than a list of regions is searched in: every second page is read-only, some are gone. */
void means_regions(uint64_t argument)
{
	char *pages = means_pages(REGIONS, false);
	unsigned step = 2 + (unsigned)argument % 3;

	if (!pages) {
		return;
	}
	write_pages(pages, REGIONS, 1);
	for (unsigned i = 0; i < REGIONS; i += step) {
		mprotect(pages + (size_t)i * BW_PAGE_SIZE, BW_PAGE_SIZE, PROT_READ);
	}
	if (!pages_hold(pages, REGIONS, 1)) {
		complain("regions: what was written is gone");
	}
	if (argument & 1) {
		mprotect(pages, (size_t)REGIONS * BW_PAGE_SIZE, PROT_READ | PROT_WRITE);
	}
	if (argument & 2) {
		pid_t pid = fork();

		if (pid == 0) {
			_exit(pages_hold(pages, REGIONS, 1) ? 0 : 1);
		}
		if (pid > 0) {
			int status = 0;

			waitpid(pid, &status, 0);
			if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
				complain("regions: a child has other memory");
			}
		}
	}
	for (unsigned i = 1; i < REGIONS; i += 4) {
		munmap(pages + (size_t)i * BW_PAGE_SIZE, BW_PAGE_SIZE);
	}
	find_gaps(argument);
	madvise(pages, (size_t)REGIONS * BW_PAGE_SIZE, MADV_DONTNEED);
	if (*(volatile uint64_t *)pages != 0) {
		complain("regions: memory that was given back is not empty");
	}
	munmap(pages, (size_t)REGIONS * BW_PAGE_SIZE);
}

void means_moves(uint64_t argument)
{
	size_t len = MOVED_PAGES * BW_PAGE_SIZE;
	char *pages = means_pages(MOVED_PAGES, argument & 1),
	     *place = means_pages(MOVED_PAGES + 2, false);
	char *moved;

	if (!pages || !place) {
		return;
	}
	write_pages(pages, MOVED_PAGES, argument + 1);
	moved = argument & 2 ? mremap(pages, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, place)
			     : mremap(pages, len, len + 2 * BW_PAGE_SIZE, MREMAP_MAYMOVE);
	if (moved != MAP_FAILED) {
		if (!pages_hold(moved, MOVED_PAGES, argument + 1)) {
			complain("moves: memory that moved holds something else");
		}
		mremap(moved, len, len / 2, 0);
		if (!pages_hold(moved, MOVED_PAGES / 2, argument + 1)) {
			complain("moves: memory that shrank holds something else");
		}
		munmap(moved, len + 2 * BW_PAGE_SIZE);
	} else {
		munmap(pages, len);
	}
	munmap(place, len + 2 * BW_PAGE_SIZE);
}

/* ---- hog: all memory there is, and then it is free again ---- */

static _Noreturn void hog_child(uint64_t how)
{
	size_t len = how & 1 ? BW_HUGE_PAGE_SIZE : HOG_BYTES;
	int flags =
		MAP_ANONYMOUS | (how & 1 ? MAP_HUGETLB : 0) | (how & 2 ? MAP_SHARED : MAP_PRIVATE);

	for (unsigned i = 0; i < HOG_MAX; i++) {
		volatile char *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, flags, -1, 0);

		if (memory == MAP_FAILED) {
			break;
		}
		for (size_t at = 0; at < len; at += BW_PAGE_SIZE) {
			memory[at] = 1;
		}
		means_progress();
		if (how & 4 && i % 8 == 7 && fork() == 0) {
			memory[0] = 2;
			_exit(0);
		}
	}
	_exit(0);
}

/* Where there is none left the child may be ended by a signal; others may fail meanwhile. */
void means_hog(uint64_t argument)
{
	pid_t pid = fork();

	if (pid == 0) {
		hog_child(argument);
	}
	if (pid > 0) {
		waitpid(pid, NULL, 0);
	}
}

static void huge_child(volatile char *memory)
{
	for (size_t i = 0; i < BW_HUGE_PAGE_SIZE; i += HUGE_STEP) {
		if (memory[i] != 1) {
			complain("huges: a child has other memory");
		}
		memory[i] = 2;
	}
	_exit(0);
}

void means_huges(uint64_t argument)
{
	int sharing = argument & 1 ? MAP_SHARED : MAP_PRIVATE;
	volatile char *memory = mmap(NULL, BW_HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
				     MAP_ANONYMOUS | MAP_HUGETLB | sharing, -1, 0);
	char expected = argument & 1 ? 2 : 1;
	pid_t pid;

	if (memory == MAP_FAILED) {
		return;
	}
	for (size_t i = 0; i < BW_HUGE_PAGE_SIZE; i += HUGE_STEP) {
		memory[i] = 1;
	}
	pid = fork();
	if (pid == 0) {
		huge_child(memory);
	}
	if (argument & 2) {
		mprotect((void *)memory, BW_HUGE_PAGE_SIZE, PROT_READ);
	}
	if (pid > 0) {
		int status = 0;

		waitpid(pid, &status, 0);
		if (status == 0 && memory[0] != expected) {
			complain("huges: a byte is %d, not %d", memory[0], expected);
		}
	}
	if (argument & 4) {
		munmap((char *)memory + BW_PAGE_SIZE, BW_PAGE_SIZE);
	}
	munmap((void *)memory, BW_HUGE_PAGE_SIZE);
}
