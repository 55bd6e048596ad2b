/* Copy-on-write, shared memory and large pages: who sees whose bytes. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum { PAGE = BW_PAGE_SIZE, HUGE = BW_HUGE_PAGE_SIZE };

static int in_data = 1;
static int in_bss;

static char *map(size_t nr_bytes, int flags)
{
	return mmap(NULL, nr_bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

static uint64_t pfn_of(const void *address)
{
	uint64_t pfn = UINT64_MAX;

	bw_pagemap((const void *)((uintptr_t)address & -(uintptr_t)PAGE), &pfn);
	return pfn;
}

/* Sees the parent's values, writes its own, sees those. */
static int write_everywhere(void *page)
{
	volatile char *bytes = page;
	volatile int on_stack = 1;

	if (in_data != 5 || in_bss != 6 || bytes[0] != 7) {
		return 1;
	}
	in_data = in_bss = 99;
	bytes[0] = on_stack = 99;
	return in_data == 99 && in_bss == 99 && bytes[0] == 99 && on_stack == 99 ? 0 : 2;
}

/* Each generation sees its ancestor's value and no other's. */
static int three_generations(void *page)
{
	volatile char *bytes = page;
	int generation = bytes[0];
	int status;

	if (generation == 10) {
		return 0;
	}
	bytes[0] = (char)(generation + 1);
	status = child_run(three_generations, page);
	return status == 0 && bytes[0] == generation + 1 ? 0 : 1;
}

/* The kernel writes to a page that is shared for reading: its copy must be ours alone. */
static int kernel_writes(void *page)
{
	struct utsname *name = page;

	return uname(name) == 0 && name->sysname[0] != 'P' ? 0 : 1;
}

static int frame_differs(void *page)
{
	uint64_t before = pfn_of(page);

	*(volatile char *)page = 1;
	return pfn_of(page) != before ? 0 : 1;
}

static int frame_same(void *page)
{
	uint64_t parents = *(uint64_t *)page;

	return pfn_of(page) == parents ? 0 : 1;
}

static void test_copy_on_write(void)
{
	char *page = map(PAGE, MAP_PRIVATE);
	uint64_t pfn;

	in_data = 5;
	in_bss = 6;
	page[0] = 7;
	tap_is(child_run(write_everywhere, page), 0,
	       "a child sees its parent's memory and writes its own");
	tap_ok(in_data == 5 && in_bss == 6 && page[0] == 7,
	       "the parent does not see the child's writes");
	page[0] = 0;
	tap_is(child_run(three_generations, page), 0, "ten generations keep apart");
	tap_is(page[0], 0, "and the first is untouched");
	memset(page, 'P', PAGE);
	tap_is(child_run(kernel_writes, page), 0,
	       "the kernel's writes for a child go to the child's copy");
	tap_ok(page[0] == 'P' && page[100] == 'P', "and not to the parent's page");
	tap_is(child_run(frame_differs, page), 0, "a child's write gets a frame of its own");
	*(uint64_t *)page = pfn_of(page);
	tap_is(child_run(frame_same, page), 0, "until then the frame is the parent's");
	pfn = pfn_of(page);
	page[1] = 1;
	tap_ok(pfn_of(page) == pfn, "the last owner writes without a copy");
	munmap(page, PAGE);
}

/* Private pages that are read-only when they are forked, and writable later. */
static int make_writable(void *page)
{
	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE) != 0) {
		return 1;
	}
	*(volatile char *)page = 'C';
	return 0;
}

static void test_copy_and_protect(void)
{
	char *page = map(2 * PAGE, MAP_PRIVATE);

	page[0] = 'P';
	mprotect(page, PAGE, PROT_READ);
	tap_is(child_run(make_writable, page), 0,
	       "a forked read-only page can become writable in the child");
	tap_ok(page[0] == 'P', "and stays the parent's in the parent");
	tap_ok(child_faults_writing(page), "where it is still read-only");
	munmap(page, 2 * PAGE);
}

static int write_shared(void *page)
{
	volatile char *bytes = page;

	bytes[0] = 'C';
	bytes[PAGE] = 'D'; /* not touched before the fork */
	return 0;
}

static void test_shared(void)
{
	char *pages = map(2 * PAGE, MAP_SHARED);

	pages[0] = 'P';
	tap_is(child_run(write_shared, pages), 0, "a child writes to shared memory");
	tap_is(pages[0], 'C', "the parent sees it");
	tap_is(pages[PAGE], 'D', "also in a page that neither had touched");
	munmap(pages, 2 * PAGE);
}

static int write_huge(void *page)
{
	volatile char *bytes = page;

	if (bytes[0] != 'P' || bytes[HUGE - 1] != 'Q') {
		return 1;
	}
	bytes[0] = bytes[HUGE - 1] = 'C';
	return bytes[PAGE * 7] == 'R' ? 0 : 2;
}

static bool is_contiguous(const char *huge)
{
	uint64_t first = pfn_of(huge);

	for (size_t i = 0; i < HUGE / PAGE; i++) {
		if (pfn_of(huge + i * PAGE) != first + i) {
			return false;
		}
	}
	return first % (HUGE / PAGE) == 0;
}

static void test_huge(void)
{
	char *huge = map(HUGE, MAP_PRIVATE | MAP_HUGETLB);
	unsigned char sum = 0;

	if (!tap_ok(huge != MAP_FAILED, "there is a 2 MiB page to be had")) {
		return;
	}
	for (size_t i = 0; i < HUGE; i += 64) {
		sum |= (unsigned char)huge[i];
	}
	tap_ok((uintptr_t)huge % HUGE == 0 && sum == 0, "it is aligned and zero");
	huge[0] = 'P';
	huge[HUGE - 1] = 'Q';
	huge[PAGE * 7] = 'R';
	tap_ok(is_contiguous(huge), "its frames are contiguous and aligned");
	tap_is(child_run(write_huge, huge), 0, "a child sees it and writes its own");
	tap_ok(huge[0] == 'P' && huge[HUGE - 1] == 'Q', "the parent's is untouched");
	tap_is(mprotect(huge, HUGE, PROT_READ), 0, "all of it can be protected");
	tap_ok(child_faults_writing(huge + PAGE * 9), "and then not be written");
	tap_is(munmap(huge, HUGE), 0, "all of it can be unmapped");
	tap_ok(child_faults_reading(huge + PAGE * 9), "and is gone");
}

/* A part of a large page: refused, or done right. */
static void test_huge_part(void)
{
	char *huge = map(HUGE, MAP_PRIVATE | MAP_HUGETLB);
	int status;

	if (huge == MAP_FAILED) {
		tap_skip("unmapping a part of a 2 MiB page", "there is none");
		return;
	}
	huge[0] = huge[PAGE] = huge[2 * PAGE] = 'P';
	status = munmap(huge + PAGE, PAGE);
	tap_ok(huge[0] == 'P' && huge[2 * PAGE] == 'P' &&
		       (status == -1 ? huge[PAGE] == 'P' : child_faults_reading(huge + PAGE)),
	       "unmapping a part of a 2 MiB page takes that part or nothing");
	munmap(huge, HUGE);
}

int main(void)
{
	test_copy_on_write();
	test_copy_and_protect();
	test_shared();
	test_huge();
	test_huge_part();
	return tap_done();
}
