/* Entries that move, or make room for larger pages: what was there before is out of reach. */
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "bulwark.h"
#include "child.h"
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

static void test_large(void)
{
	char *room = map(NULL, 2 * HUGE, 0), *large;
	char *at = (char *)(((uintptr_t)room + HUGE - 1) & ~(uintptr_t)(HUGE - 1));

	at[PAGE] = 1;
	munmap(room, 2 * HUGE);
	large = map(at, HUGE, MAP_FIXED | MAP_HUGETLB);
	tap_ok(large == at && large[PAGE] == 0, "a page of 2 MiB takes the place of small ones");
	munmap(large, HUGE);
}

int main(void)
{
	test_move();
	test_large();
	return tap_done();
}
