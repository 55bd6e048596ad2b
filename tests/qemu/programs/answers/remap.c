/* mremap. */
#include "say.h"

#include <string.h>
#include <sys/mman.h>

enum { MAYMOVE = 1, FIXED = 2, DONTUNMAP = 4 };

static char *alone(int nr_pages)
{
	char *pages = mmap(NULL, (size_t)(nr_pages + 2) * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(pages, PAGE);
	munmap(pages + (nr_pages + 1) * PAGE, PAGE);
	return pages + PAGE;
}

static void say_refusals(void)
{
	char *one = page(), *hole = before_hole(1);

	SAY(mremap, "unknown flags", one, PAGE, 2 * PAGE, 8);
	SAY(mremap, "unknown flags, unaligned", one + 1, PAGE, 2 * PAGE, 8);
	SAY(mremap, "MREMAP_FIXED alone", one, PAGE, PAGE, FIXED, HOLE);
	SAY(mremap, "MREMAP_DONTUNMAP alone", one, PAGE, PAGE, DONTUNMAP, 0);
	SAY(mremap, "MREMAP_DONTUNMAP of another length", one, PAGE, 2 * PAGE, DONTUNMAP | MAYMOVE,
	    0);
	SAY(mremap, "unaligned", one + 1, PAGE, PAGE, MAYMOVE);
	SAY(mremap, "no new length", one, PAGE, 0, MAYMOVE);
	SAY(mremap, "new length -1", one, PAGE, -1, MAYMOVE);
	SAY(mremap, "new length 2^47", one, PAGE, 1l << 47, MAYMOVE);
	SAY(mremap, "no old length, private memory", one, 0, PAGE, MAYMOVE);
	SAY(mremap, "a hole", HOLE, PAGE, 2 * PAGE, MAYMOVE);
	SAY(mremap, "a hole, of the same length", HOLE, PAGE, PAGE, 0);
	SAY(mremap, "a hole, shorter", HOLE, 2 * PAGE, PAGE, 0);
	SAY(mremap, "kernel address", KERNEL_ADDRESS, PAGE, 2 * PAGE, MAYMOVE);
	SAY(mremap, "over a hole", hole - PAGE, 2 * PAGE, 3 * PAGE, MAYMOVE);
	SAY(mremap, "to an unaligned place", one, PAGE, PAGE, MAYMOVE | FIXED, HOLE + 1);
	SAY(mremap, "to a kernel address", one, PAGE, PAGE, MAYMOVE | FIXED, KERNEL_ADDRESS);
	SAY(mremap, "to itself", one, PAGE, PAGE, MAYMOVE | FIXED, one);
	SAY(mremap, "to null", one, PAGE, PAGE, MAYMOVE | FIXED, 0);
}

static void say_shared(void)
{
	char *shared =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	SAY(mremap, "no old length, shared memory, not to move", shared, 0, PAGE, 0);
	SAY(mremap, "no old length, shared memory", shared, 0, PAGE, MAYMOVE);
	SAY(mremap, "old length -1", shared, -1, PAGE, MAYMOVE);
	SAY(mremap, "old length that wraps", shared, -PAGE, PAGE, MAYMOVE);
	SAY(mremap, "shorter, over the end", shared, 1l << 47, PAGE, 0);
	SAY(mremap, "shared memory becomes longer", shared, 2 * PAGE, 4 * PAGE, MAYMOVE);
}

void say_remap(void)
{
	char *pages = alone(3), *moved, *target;
	char *blocked = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	say_refusals();
	say_shared();
	memset(pages, 1, 3 * PAGE);
	say("mremap", "the same length stays",
	    CALL(SYS_mremap, pages, 3 * PAGE, 3 * PAGE, 0) - (long)pages);
	say("mremap", "shorter stays",
	    CALL(SYS_mremap, pages, 3 * PAGE, 2 * PAGE, 0) - (long)pages);
	SAY(msync, "what was cut off is gone", pages + 2 * PAGE, PAGE, 4);
	say("mremap", "longer stays where there is room",
	    CALL(SYS_mremap, pages, 2 * PAGE, 3 * PAGE, 0) - (long)pages);
	say("mremap", "what was added is zero", pages[2 * PAGE]);
	say("mremap", "what was there stays", pages[PAGE]);
	SAY(mremap, "half a page longer, rounded up", pages, 2 * PAGE + 1, 2 * PAGE + 2, 0);
	mprotect(blocked, PAGE, PROT_READ | PROT_WRITE);
	SAY(mremap, "no room, not to move", blocked, PAGE, 2 * PAGE, 0);
	*blocked = 5;
	moved = (char *)CALL(SYS_mremap, blocked, PAGE, 4 * PAGE, MAYMOVE);
	say_text("mremap", "no room, it moves", moved != blocked && (long)moved > 0 ? "yes" : "no");
	say("mremap", "with its contents", moved[0]);
	say("mremap", "and zeros behind", moved[3 * PAGE]);
	SAY(msync, "the old place is gone", blocked, PAGE, 4);
	target = alone(4);
	memset(target, 9, 4 * PAGE);
	say("mremap", "to a place",
	    CALL(SYS_mremap, moved, 2 * PAGE, 2 * PAGE, MAYMOVE | FIXED, target) - (long)target);
	say("mremap", "what was there is replaced", target[0]);
	say("mremap", "by no more than that", target[2 * PAGE]);
	moved = (char *)CALL(SYS_mremap, target, PAGE, PAGE, MAYMOVE | DONTUNMAP, 0);
	say("mremap", "MREMAP_DONTUNMAP moves the contents", moved[0]);
	say("mremap", "and leaves zeros", target[0]);
}
