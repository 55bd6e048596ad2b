/*
 * translations: for the replay of BUILD=pcid (docs/pcid.md). Makes page-table entries stricter in
 * each way that a program can, and touches what they translated, in this process and on the same
 * processor where it can: by itself, and through the kernel. Ends with 0 when the kernel says what
 * it should.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, ROUNDS = 20 };
#define HUGE_BYTES ((size_t)2 << 20)

static char *place;     /* 2 MiB, aligned */
static char *elsewhere; /* as much for each round */
static unsigned nr_wrong;

static void check(bool is_right, const char *what)
{
	if (!is_right) {
		printf("translations: wrong: %s\n", what);
		nr_wrong++;
	}
}

static void *map(size_t len_bytes, int flags)
{
	void *at = mmap(place, len_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0);

	check(at == place, "mmap");
	return at;
}

/* The kernel stores there, or finds that it must not. */
static bool kernel_writes(void *at) { return clock_gettime(CLOCK_MONOTONIC, at) == 0; }

static void rights(void)
{
	map(PAGE_BYTES, 0);
	place[0] = 1;
	check(kernel_writes(place), "the kernel writes to the page");
	check(mprotect(place, PAGE_BYTES, PROT_READ) == 0, "mprotect");
	check(!kernel_writes(place), "the kernel does not write to a page that is read-only");
	check(mprotect(place, PAGE_BYTES, PROT_READ | PROT_WRITE) == 0, "mprotect back");
	place[0] = 2;
	check(munmap(place, PAGE_BYTES) == 0, "munmap");
	check(!kernel_writes(place), "the kernel does not write to a page that is gone");
	map(PAGE_BYTES, 0);
	check(place[0] == 0, "a new page is zero");
	check(munmap(place, PAGE_BYTES) == 0, "munmap again");
}

/* A table of 4 KiB pages makes room for a page of 2 MiB, and that for a table. The first table
 * serves elsewhere meanwhile. */
static void sizes(unsigned round)
{
	map(HUGE_BYTES, 0);
	place[0] = place[PAGE_BYTES] = 1;
	check(munmap(place, HUGE_BYTES) == 0, "munmap of pages");
	map(HUGE_BYTES, MAP_HUGETLB);
	elsewhere[round * HUGE_BYTES] = 1;
	check(place[0] == 0 && place[PAGE_BYTES] == 0, "a new large page is zero");
	place[PAGE_BYTES] = 2;
	check(munmap(place, HUGE_BYTES) == 0, "munmap of a large page");
	map(PAGE_BYTES, 0);
	check(place[0] == 0, "a new page in its place is zero");
	check(munmap(place, PAGE_BYTES) == 0, "munmap of that page");
}

static volatile bool is_over;

/* Keeps the address space loaded on the other processor, with everything that is mapped. */
static void *other(void *unused)
{
	while (!is_over) {
		(void)getppid();
	}
	return unused;
}

int main(void)
{
	char *start = mmap(NULL, 2 * HUGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread;

	place = (char *)(((unsigned long)start + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
	munmap(start, 2 * HUGE_BYTES);
	elsewhere = mmap(NULL, ROUNDS * HUGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_create(&thread, NULL, other, NULL);
	for (unsigned i = 0; i < ROUNDS && !nr_wrong; i++) {
		rights();
		sizes(i);
	}
	is_over = true;
	pthread_join(thread, NULL);
	return nr_wrong ? 1 : 0;
}
