/* mprotect. */
#include "say.h"

#include <sys/mman.h>
#include <unistd.h>

static char *pages;

static void write_first(void) { pages[0] = 1; }
static void write_last(void) { pages[2 * PAGE] = 1; }
static void read_none(void)
{
	mprotect(pages, PAGE, PROT_NONE);
	(void)*(volatile char *)pages;
}
static void read_write_only(void)
{
	mprotect(pages, PAGE, PROT_WRITE);
	_exit(*(volatile char *)pages);
}
static void run_data(void) { ((void (*)(void))pages)(); }

void say_protect(void)
{
	char *one = page();

	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SAY(mprotect, "no length", one, 0, 1);
	SAY(mprotect, "no length in a hole", HOLE, 0, 1);
	SAY(mprotect, "no length, rights that there are not", one, 0, 0x100);
	SAY(mprotect, "no length, unaligned", one + 1, 0, 1);
	SAY(mprotect, "unaligned", one + 1, PAGE, 1);
	SAY(mprotect, "unaligned, rights that there are not", one + 1, PAGE, 0x100);
	SAY(mprotect, "a hole", HOLE, PAGE, 1);
	SAY(mprotect, "a hole, rights that there are not", HOLE, PAGE, 0x100);
	SAY(mprotect, "rights that there are not", one, PAGE, 0x100);
	SAY(mprotect, "rights with a high half", one, PAGE, HIGH(1));
	SAY(mprotect, "range that wraps", one, -PAGE, 1);
	SAY(mprotect, "range that wraps, rights that there are not", one, -PAGE, 0x100);
	SAY(mprotect, "length -1", one, -1, 1);
	SAY(mprotect, "a length that wraps when it is rounded", one, 1 - PAGE, 1);
	SAY(mprotect, "the last page of all", -PAGE, PAGE, 1);
	SAY(mprotect, "kernel address", KERNEL_ADDRESS, PAGE, 1);
	SAY(mprotect, "null", 0, PAGE, 1);
	SAY(mprotect, "over the end", USER_END - PAGE, 2 * PAGE, 1);
	SAY(mprotect, "PROT_SEM", one, PAGE, 8 | 3);
	SAY(mprotect, "PROT_GROWSDOWN", one, PAGE, 0x01000003);
	SAY(mprotect, "PROT_GROWSDOWN in a hole", HOLE, PAGE, 0x01000003);
	SAY(mprotect, "PROT_GROWSDOWN and PROT_GROWSUP", one, PAGE, 0x03000003);
	SAY(mprotect, "writable and executable", one, PAGE, 7);
	SAY(mprotect, "writable and executable, a hole", HOLE, PAGE, 7);
	SAY(mprotect, "writable alone", one, PAGE, 2);
	say_end("mprotect", "read of what is writable alone", read_write_only);
	say_end("mprotect", "read of PROT_NONE", read_none);
	say_end("mprotect", "data is not executable", run_data);
	munmap(pages + PAGE, PAGE);
	SAY(mprotect, "over a hole", pages, 3 * PAGE, 1);
	say_end("mprotect", "what lies before the hole changes", write_first);
	say_end("mprotect", "what lies behind it does not", write_last);
}
