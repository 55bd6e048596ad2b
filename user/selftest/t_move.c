/* Entries that move, or make room for larger pages: what was there before is out of reach. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "bulwark.h"
#include "child.h"
#include "cpus.h"
#include "tap.h"

enum { PAGE = BW_PAGE_SIZE, HUGE = 2 << 20 };

static char *map(void *at, size_t len_bytes, int flags)
{
	return mmap(at, len_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
		    0);
}

static void test_move(void)
{
	char *old = map(NULL, 2 * PAGE, 0), *place = map(NULL, 2 * PAGE, 0), *new;

	strcpy(old + PAGE, "moved");
	new = mremap(old, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
	tap_ok(new == place &&strcmp(new + PAGE, "moved") == 0, "pages that move keep their bytes");
	tap_ok(child_faults_reading(old + PAGE), "the old place is empty");
	munmap(new, 2 * PAGE);
}

/* So many pages of 2 MiB have room there. */
static char *room_make(size_t nr_pages, char **first)
{
	char *room = map(NULL, (nr_pages + 1) * HUGE, 0);

	*first = (char *)(((uintptr_t)room + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
	return room;
}

static void test_large(void)
{
	char *at, *room = room_make(1, &at), *large;

	at[PAGE] = 1;
	munmap(room, 2 * HUGE);
	large = map(at, HUGE, MAP_FIXED | MAP_HUGETLB);
	tap_ok(large == at && large[PAGE] == 0, "a page of 2 MiB takes the place of small ones");
	munmap(large, HUGE);
}

static volatile bool is_there, is_over;

static void *compute(void *unused)
{
	cpus_pin(1);
	is_there = true;
	while (!is_over) {}
	return unused;
}

/* Page tables go that another processor may walk: more of them than one keeps for later. */
static void test_tables(void)
{
	enum { NR_TABLES = 20 };
	char *at, *room = room_make(NR_TABLES, &at);
	bool is_large = true, is_empty = true;

	for (int i = 0; i < NR_TABLES; i++) {
		at[i * HUGE] = 1;
	}
	munmap(room, (NR_TABLES + 1) * HUGE);
	for (int i = 0; i < NR_TABLES; i++) {
		is_large &= map(at + i * HUGE, HUGE, MAP_FIXED | MAP_HUGETLB) == at + i * HUGE;
	}
	munmap(at, NR_TABLES * HUGE);
	(void)map(at, NR_TABLES * HUGE, MAP_FIXED);
	for (int i = 0; i < NR_TABLES; i++) {
		is_empty &= at[i * HUGE]++ == 0;
	}
	tap_ok(is_large && is_empty, "page tables that others walk make room, and serve again");
	munmap(at, NR_TABLES * HUGE);
}

static void test_tables_beside(void)
{
	pthread_t thread;

	if (cpus_count() < 2 || pthread_create(&thread, NULL, compute, NULL) != 0) {
		tap_skip("page tables that others walk", "no other processor");
		return;
	}
	cpus_pin(0);
	while (!is_there) {}
	test_tables();
	is_over = true;
	pthread_join(thread, NULL);
}

int main(void)
{
	test_move();
	test_large();
	test_tables_beside();
	return tap_done();
}
