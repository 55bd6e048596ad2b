/* mmap, munmap, mprotect and brk: what they do, and what they refuse. */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum { PAGE = BW_PAGE_SIZE };

#define KERNEL_ADDRESS ((void *)0xffff888000000000)

static char *map(size_t nr_pages)
{
	return mmap(NULL, nr_pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
}

static bool is_zero(const char *bytes, size_t nr_bytes)
{
	for (size_t i = 0; i < nr_bytes; i++) {
		if (bytes[i] != 0) {
			return false;
		}
	}
	return true;
}

/* True where mmap fails with one of two errors. */
static bool refuses(void *address, size_t length, int flags, int error, int other_error)
{
	errno = 0;
	return mmap(address, length, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED &&
	       (errno == error || errno == other_error);
}

static void test_mmap(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *pages = map(4);

	tap_ok(pages != MAP_FAILED && is_zero(pages, 4 * PAGE), "new memory is zero");
	memset(pages, 0x5a, 4 * PAGE);
	tap_ok(pages[0] == 0x5a && pages[4 * PAGE - 1] == 0x5a, "it keeps what is written");
	tap_ok(mmap(pages + PAGE, PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0) ==
			       pages + PAGE &&
		       is_zero(pages + PAGE, PAGE) && pages[0] == 0x5a && pages[2 * PAGE] == 0x5a,
	       "MAP_FIXED replaces exactly its range");
	munmap(pages, 4 * PAGE);
	tap_ok(mmap(pages, PAGE, PROT_READ, flags | MAP_FIXED, -1, 0) == pages &&
		       is_zero(pages, PAGE) && child_faults_writing(pages),
	       "PROT_READ memory is zero and cannot be written");
	munmap(pages, PAGE);

	tap_ok(refuses(NULL, 0, flags, EINVAL, EINVAL), "length 0 is EINVAL");
	tap_ok(refuses(NULL, SIZE_MAX, flags, ENOMEM, EINVAL), "a length of SIZE_MAX is refused");
	tap_ok(refuses(NULL, (size_t)1 << 47, flags, ENOMEM, EINVAL),
	       "a length of the whole user half is refused");
	tap_ok(refuses((void *)(PAGE + 1), PAGE, flags | MAP_FIXED, EINVAL, EINVAL),
	       "a misaligned fixed address is EINVAL");
	tap_ok(refuses(KERNEL_ADDRESS, PAGE, flags | MAP_FIXED, ENOMEM, EINVAL),
	       "a kernel address is refused");
	tap_ok(refuses((void *)-(uintptr_t)PAGE, 2 * PAGE, flags | MAP_FIXED, ENOMEM, EINVAL),
	       "a range that wraps is refused");
	tap_ok(refuses(NULL, PAGE, MAP_ANONYMOUS, EINVAL, EINVAL),
	       "neither private nor shared is EINVAL");
	tap_ok(refuses(NULL, PAGE, MAP_PRIVATE, EBADF, ENODEV), "a mapping of no file is refused");
	tap_ok(mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1, 0) == MAP_FAILED &&
		       errno == EACCES,
	       "memory that is writable and executable is EACCES");
	pages = mmap(KERNEL_ADDRESS, PAGE, PROT_READ, flags, -1, 0);
	tap_ok(pages == MAP_FAILED || (uintptr_t)pages < (uintptr_t)1 << 47,
	       "a hint in the kernel is not followed");
	if (pages != MAP_FAILED) {
		munmap(pages, PAGE);
	}
}

static void test_munmap(void)
{
	char *pages = map(5);

	memset(pages, 1, 5 * PAGE);
	tap_is(munmap(pages + 2 * PAGE, PAGE), 0, "a page can be unmapped from the middle");
	tap_ok(pages[2 * PAGE - 1] == 1 && pages[3 * PAGE] == 1, "its neighbours stay");
	tap_ok(child_faults_reading(pages + 2 * PAGE), "it is gone");
	tap_is(munmap(pages + 2 * PAGE, PAGE), 0, "unmapping what is not mapped is 0");
	tap_is(munmap(pages + PAGE, 3 * PAGE), 0, "a range with a hole can be unmapped");
	tap_ok(pages[0] == 1 && pages[4 * PAGE] == 1 && child_faults_reading(pages + PAGE) &&
		       child_faults_reading(pages + 3 * PAGE),
	       "exactly that range is gone");
	tap_is(munmap(pages, 1), 0, "a length is rounded up to pages");
	tap_ok(child_faults_reading(pages), "and the page is gone");
	tap_ok(munmap(pages + 4 * PAGE + 1, PAGE) == -1 && errno == EINVAL,
	       "a misaligned address is EINVAL");
	tap_ok(munmap(pages, 0) == -1 && errno == EINVAL, "munmap of length 0 is EINVAL");
	tap_ok(munmap(KERNEL_ADDRESS, PAGE) == -1 && errno == EINVAL,
	       "munmap of kernel memory is EINVAL");
	tap_ok(munmap(pages, SIZE_MAX) == -1 && errno == EINVAL,
	       "munmap of SIZE_MAX bytes is EINVAL");
	munmap(pages + 4 * PAGE, PAGE);
}

static int run_page(void *page)
{
	((void (*)(void))page)();
	return 0;
}

static void test_mprotect(void)
{
	char *pages = map(3);

	memset(pages, 0xc3, 3 * PAGE); /* ret */
	tap_ok(child_signal(child_run(run_page, pages)) == SIGSEGV, "data cannot be executed");
	mprotect(pages, PAGE, PROT_READ | PROT_EXEC);
	tap_is(child_run(run_page, pages), 0, "PROT_EXEC memory can be executed");
	mprotect(pages, PAGE, PROT_READ | PROT_WRITE);
	tap_is(mprotect(pages + PAGE, PAGE, PROT_NONE), 0,
	       "a page in the middle can become PROT_NONE");
	tap_ok(child_faults_reading(pages + PAGE), "it cannot be read");
	tap_ok(!child_faults_writing(pages) && !child_faults_writing(pages + 2 * PAGE),
	       "its neighbours can be written");
	tap_is(mprotect(pages + PAGE, PAGE, PROT_READ), 0, "it can become readable again");
	tap_ok(pages[PAGE] == (char)0xc3 && child_faults_writing(pages + PAGE),
	       "with its bytes, and cannot be written");
	tap_is(mprotect(pages, 3 * PAGE, PROT_READ | PROT_WRITE), 0, "all become writable");
	pages[PAGE] = 1;
	tap_is(pages[PAGE], 1, "and are written");
	tap_ok(syscall(SYS_mprotect, pages + 1, PAGE, PROT_READ) == -1 && errno == EINVAL,
	       "mprotect of a misaligned address is EINVAL");
	tap_ok(mprotect(pages, PAGE, PROT_WRITE | PROT_EXEC) == -1 && errno == EACCES,
	       "mprotect to writable and executable is EACCES");
	tap_is(mprotect(pages, 0, PROT_READ), 0, "mprotect of nothing is 0");
	munmap(pages + PAGE, PAGE);
	tap_ok(mprotect(pages, 3 * PAGE, PROT_READ) == -1 && errno == ENOMEM,
	       "mprotect over a hole is ENOMEM");
	tap_ok(mprotect(KERNEL_ADDRESS, PAGE, PROT_READ) == -1 &&
		       (errno == ENOMEM || errno == EINVAL),
	       "mprotect of kernel memory is refused");
	munmap(pages, 3 * PAGE);
}

static void test_brk(void)
{
	char *start = (char *)syscall(SYS_brk, 0);
	/* libc's heap may stand below; go on from a page of our own. */
	char *base = (char *)(((uintptr_t)start + 2 * PAGE) & -(uintptr_t)PAGE);

	tap_is(syscall(SYS_brk, base + 3 * PAGE), (long)(base + 3 * PAGE),
	       "the break can be raised");
	tap_ok(is_zero(base, 3 * PAGE), "new heap is zero");
	memset(base, 7, 3 * PAGE);
	tap_is(syscall(SYS_brk, base + PAGE), (long)(base + PAGE), "the break can be lowered");
	tap_ok(base[PAGE - 1] == 7 && child_faults_reading(base + PAGE),
	       "what is above it is gone");
	syscall(SYS_brk, base + 3 * PAGE);
	tap_ok(is_zero(base + PAGE, 2 * PAGE) && base[0] == 7, "it comes back as zero");
	tap_is(syscall(SYS_brk, KERNEL_ADDRESS), (long)(base + 3 * PAGE),
	       "a break in the kernel is not taken");
	tap_is(syscall(SYS_brk, PAGE), (long)(base + 3 * PAGE),
	       "a break below the heap is not taken");
	syscall(SYS_brk, start);
}

/* Frames that come back must come back clean. */
static void test_reuse(void)
{
	enum { NR_PAGES = 64, NR_ROUNDS = 20 };
	bool all_zero = true;

	for (int round = 0; round < NR_ROUNDS; round++) {
		char *pages = map(NR_PAGES);

		all_zero = all_zero && pages != MAP_FAILED && is_zero(pages, NR_PAGES * PAGE);
		memset(pages, 0xee, NR_PAGES * PAGE);
		munmap(pages, NR_PAGES * PAGE);
	}
	tap_ok(all_zero, "memory that is mapped again is zero again");
}

int main(void)
{
	test_mmap();
	test_munmap();
	test_mprotect();
	test_brk();
	test_reuse();
	return tap_done();
}
