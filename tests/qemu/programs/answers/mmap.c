/* mmap, munmap, brk. */
#include "say.h"

#include <stdio.h>
#include <sys/mman.h>

enum { RW = 3, ANONYMOUS = 0x22, FIXED = 0x32, NOREPLACE = 0x100022 };

static void say_lengths(void)
{
	SAY(mmap, "no length", 0, 0, RW, ANONYMOUS, -1, 0);
	SAY(mmap, "length -1", 0, -1, RW, ANONYMOUS, -1, 0);
	SAY(mmap, "length 2^47", 0, 1l << 47, RW, ANONYMOUS, -1, 0);
	SAY(mmap, "all of user space", 0, USER_END, RW, ANONYMOUS | MAP_NORESERVE, -1, 0);
	SAY(mmap, "offset 1", 0, PAGE, RW, ANONYMOUS, -1, 1);
	SAY(mmap, "offset 1, no length, no file", 0, 0, RW, MAP_PRIVATE, -1, 1);
	SAY(mmap, "offset of a page", 0, PAGE, RW, ANONYMOUS, -1, PAGE);
	SAY(mmap, "offset of the last page", 0, PAGE, RW, ANONYMOUS, -1, -PAGE);
	SAY(mmap, "neither private nor shared", 0, PAGE, RW, MAP_ANONYMOUS, -1, 0);
	SAY(mmap, "both private and shared", 0, PAGE, RW, MAP_ANONYMOUS | 3, -1, 0);
	SAY(mmap, "type 4", 0, PAGE, RW, MAP_ANONYMOUS | 4, -1, 0);
	SAY(mmap, "no type, no length", 0, 0, RW, MAP_ANONYMOUS, -1, 0);
	SAY(mmap, "no type, kernel address", KERNEL_ADDRESS, PAGE, RW, MAP_ANONYMOUS | MAP_FIXED,
	    -1, 0);
	SAY(mmap, "file -1", 0, PAGE, RW, MAP_PRIVATE, -1, 0);
	SAY(mmap, "file that is not open, no length", 0, 0, RW, MAP_PRIVATE, 99, 0);
	SAY(mmap, "the terminal", 0, PAGE, PROT_READ, MAP_PRIVATE, 1, 0);
	SAY(mmap, "anonymous, of a file that is not open", 0, PAGE, RW, ANONYMOUS, 99, 0);
}

static void say_flags(void)
{
	long low = CALL(SYS_mmap, 0, PAGE, RW, ANONYMOUS | 0x40, -1, 0);

	SAY(mmap, "rights of bit 3", 0, PAGE, RW | 8, ANONYMOUS, -1, 0);
	SAY(mmap, "rights of bit 4", 0, PAGE, RW | 0x10, ANONYMOUS, -1, 0);
	SAY(mmap, "rights with a high half", 0, PAGE, HIGH(RW), ANONYMOUS, -1, 0);
	SAY(mmap, "flags with a high half", 0, PAGE, RW, HIGH(ANONYMOUS), -1, 0);
	SAY(mmap, "writable and executable", 0, PAGE, 7, ANONYMOUS, -1, 0);
	SAY(mmap, "MAP_GROWSDOWN", 0, PAGE, RW, ANONYMOUS | MAP_GROWSDOWN, -1, 0);
	SAY(mmap, "MAP_LOCKED", 0, PAGE, RW, ANONYMOUS | MAP_LOCKED, -1, 0);
	SAY(mmap, "MAP_NONBLOCK", 0, PAGE, RW, ANONYMOUS | MAP_NONBLOCK, -1, 0);
	SAY(mmap, "MAP_DENYWRITE", 0, PAGE, RW, ANONYMOUS | MAP_DENYWRITE, -1, 0);
	SAY(mmap, "MAP_EXECUTABLE", 0, PAGE, RW, ANONYMOUS | MAP_EXECUTABLE, -1, 0);
	SAY(mmap, "MAP_POPULATE", 0, PAGE, RW, ANONYMOUS | MAP_POPULATE, -1, 0);
	SAY(mmap, "MAP_POPULATE of PROT_NONE", 0, PAGE, 0, ANONYMOUS | MAP_POPULATE, -1, 0);
	SAY(mmap, "a bit that nobody uses", 0, PAGE, RW, ANONYMOUS | 0x800000, -1, 0);
	SAY(mmap, "2 MiB pages", 0, 1 << 21, RW, ANONYMOUS | MAP_HUGETLB, -1, 0);
	SAY(mmap, "pages of a size that there is not", 0, PAGE, RW,
	    ANONYMOUS | MAP_HUGETLB | (17 << 26), -1, 0);
	say_text("mmap", "MAP_32BIT is below 2 GiB", low > 0 && low < 1l << 31 ? "yes" : "no");
}

static void say_places(void)
{
	char *taken = page();
	long at;
	char text[32];

	SAY(mmap, "fixed at null", 0, PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed at the first page but one", PAGE, PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed, unaligned", HOLE + 1, PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed, kernel address", KERNEL_ADDRESS, PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed, kernel address, unaligned", KERNEL_ADDRESS + 1, PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed, the end of user space", USER_END, PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed, over the end", USER_END - PAGE, 2 * PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed, range that wraps", -PAGE, 2 * PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed, the last page", USER_END - PAGE, PAGE, RW, FIXED, -1, 0);
	SAY(mmap, "fixed, not to replace, what is there", taken, PAGE, RW, NOREPLACE, -1, 0);
	SAY(mmap, "fixed, not to replace, kernel address", KERNEL_ADDRESS, PAGE, RW, NOREPLACE, -1,
	    0);
	SAY(mmap, "fixed, not to replace, unaligned", HOLE + 1, PAGE, RW, NOREPLACE, -1, 0);
	at = CALL(SYS_mmap, taken, PAGE, RW, ANONYMOUS, -1, 0);
	say_text("mmap", "a hint that is taken is followed", at == (long)taken ? "yes" : "no");
	at = CALL(SYS_mmap, 0x20000123, PAGE, RW, ANONYMOUS, -1, 0);
	snprintf(text, sizeof(text), "%lx", at);
	say_text("mmap", "a hint that is not aligned", text);
	CALL(SYS_munmap, at, PAGE);
	SAY(mmap, "a hint in the kernel", KERNEL_ADDRESS, PAGE, RW, ANONYMOUS, -1, 0);
}

static void say_munmap(void)
{
	char *one = page();

	SAY(munmap, "no length", one, 0);
	SAY(munmap, "no length, unaligned", one + 1, 0);
	SAY(munmap, "unaligned", one + 1, PAGE);
	SAY(munmap, "a hole", HOLE, PAGE);
	SAY(munmap, "kernel address", KERNEL_ADDRESS, PAGE);
	SAY(munmap, "length -1", one, -1);
	SAY(munmap, "range that wraps", one, -PAGE);
	SAY(munmap, "a length that wraps when it is rounded", one, 1 - PAGE);
	SAY(munmap, "the last page of all", -PAGE, PAGE);
	SAY(munmap, "null", 0, PAGE);
	SAY(munmap, "over the end", USER_END - PAGE, 2 * PAGE);
	SAY(munmap, "the end of user space", USER_END, PAGE);
	SAY(munmap, "one byte", one, 1);
	SAY(munmap, "a page again", one, PAGE);
}

static void say_brk(void)
{
	long start = CALL(SYS_brk, 0);

	say("brk", "is aligned", start % PAGE);
	say("brk", "grows to any byte", CALL(SYS_brk, start + 5000) - start);
	*(volatile char *)(start + 4999) = 1;
	say("brk", "1 changes nothing", CALL(SYS_brk, 1) - start);
	say("brk", "nor a kernel address", CALL(SYS_brk, KERNEL_ADDRESS) - start);
	say("brk", "nor the end of user space", CALL(SYS_brk, USER_END) - start);
	say("brk", "nor what is mapped", CALL(SYS_brk, page()) - start);
	say("brk", "nor 2^46 bytes more", CALL(SYS_brk, start + (1l << 46)) - start);
	mmap((void *)(start + 8 * PAGE), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	     -1, 0);
	say("brk", "nor over what is mapped", CALL(SYS_brk, start + 16 * PAGE) - start);
	munmap((void *)(start + 8 * PAGE), PAGE);
	say("brk", "shrinks", CALL(SYS_brk, start) - start);
	say("brk", "does not begin earlier", CALL(SYS_brk, start - PAGE) - start);
	CALL(SYS_brk, start + 1);
	*(volatile char *)start = 7;
	CALL(SYS_brk, start);
	CALL(SYS_brk, start + 1);
	say("brk", "what comes back is zero", *(volatile char *)start);
	CALL(SYS_brk, start);
}

void say_mmap(void)
{
	say_lengths();
	say_flags();
	say_places();
	say_munmap();
	say_brk();
}
