/* madvise, msync, mincore, mlock. */
#include "say.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void say_pieces(void)
{
	static const int pieces[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,  13, 14,
				      15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 26, 50, 102, 99, -1 };
	char *one = page();

	*one = 1;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		char text[32];

		snprintf(text, sizeof(text), "advice %d", pieces[i]);
		SAY(madvise, text, one, PAGE, pieces[i]);
	}
	munmap(one, PAGE);
}

static void say_ranges(void)
{
	char *pages =
		mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	SAY(madvise, "a hole", HOLE, PAGE, 4);
	SAY(madvise, "a hole, normal", HOLE, PAGE, 0);
	SAY(madvise, "unaligned", pages + 1, PAGE, 4);
	SAY(madvise, "unaligned, no length", pages + 1, 0, 4);
	SAY(madvise, "no length", pages, 0, 4);
	SAY(madvise, "no length, unknown advice", pages, 0, 99);
	SAY(madvise, "no length, kernel address", KERNEL_ADDRESS, 0, 4);
	SAY(madvise, "unknown advice, unaligned", pages + 1, PAGE, 99);
	SAY(madvise, "advice with a high half", pages, PAGE, HIGH(4));
	SAY(madvise, "kernel address", KERNEL_ADDRESS, PAGE, 4);
	SAY(madvise, "range that wraps", pages, -PAGE, 4);
	SAY(madvise, "a length that wraps when it is rounded", pages, 1 - PAGE, 4);
	SAY(madvise, "the last page of all", -PAGE, PAGE, 4);
	SAY(madvise, "length -1", pages, -1, 4);
	SAY(madvise, "over the end", USER_END - PAGE, 2 * PAGE, 4);
	memset(pages, 1, 3 * PAGE);
	munmap(pages + PAGE, PAGE);
	SAY(madvise, "over a hole", pages, 3 * PAGE, 4);
	say("madvise", "what lies before the hole is zero", pages[0]);
	say("madvise", "and what lies behind it", pages[2 * PAGE]);
	memset(shared, 3, PAGE);
	SAY(madvise, "MADV_DONTNEED of shared memory", shared, PAGE, 4);
	say("madvise", "its contents stay", shared[0]);
	SAY(madvise, "MADV_FREE of shared memory", shared, PAGE, 8);
}

static void say_msync(void)
{
	char *one = page();

	SAY(msync, "MS_SYNC", one, PAGE, 4);
	SAY(msync, "no flags", one, PAGE, 0);
	SAY(msync, "MS_SYNC and MS_ASYNC", one, PAGE, 5);
	SAY(msync, "an unknown flag", one, PAGE, 8);
	SAY(msync, "unaligned", one + 1, PAGE, 4);
	SAY(msync, "no length, in a hole", HOLE, 0, 4);
	SAY(msync, "a hole", HOLE, PAGE, 4);
	SAY(msync, "range that wraps", one, -PAGE, 4);
	SAY(msync, "a length that wraps when it is rounded", one, 1 - PAGE, 4);
	SAY(msync, "length -1", one, -1, 4);
	SAY(msync, "kernel address", KERNEL_ADDRESS, PAGE, 4);
	SAY(msync, "over a hole", before_hole(1) - PAGE, 2 * PAGE, 4);
}

static void say_mincore(void)
{
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char there[2] = { 9, 9 };

	pages[0] = 1;
	SAY(mincore, "two pages", pages, 2 * PAGE, there);
	say("mincore", "the one that was written", there[0] & 1);
	say("mincore", "the one that was not", there[1] & 1);
	SAY(mincore, "no length", pages, 0, there);
	SAY(mincore, "no length, null", pages, 0, NULL);
	SAY(mincore, "unaligned", pages + 1, PAGE, there);
	SAY(mincore, "kernel address", KERNEL_ADDRESS, PAGE, there);
	SAY(mincore, "unaligned, no result", pages + 1, PAGE, KERNEL_ADDRESS);
	SAY(mincore, "to a kernel address", pages, PAGE, KERNEL_ADDRESS);
	SAY(mincore, "to null", pages, PAGE, NULL);
	SAY(mincore, "a hole", HOLE, PAGE, there);
}

void say_advice(void)
{
	char *one = page();

	say_pieces();
	say_ranges();
	say_msync();
	say_mincore();
	SAY(mlock, "a page", one, PAGE);
	SAY(munlock, "a page", one, PAGE);
	SAY(mlockall, "unknown flags", 99);
	SAY(munlockall, "all", 0);
}
