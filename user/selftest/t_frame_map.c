/* What the kernel tells of the frames: every frame once, and what this process does shows. */
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "frame_map.h"
#include "tap.h"

enum { GROUPS_MAX = 1024, NR_PAGES = 300 };
#define KERNEL_HALF 0xffff800000000000UL

static struct bw_frame_group groups[GROUPS_MAX];
static uint64_t sums[BW_NR_STATES];

/* Adds up all groups of this size: how many frames there are, or an error. */
static long count(size_t frames_per_group)
{
	uint64_t first = 0, nr_frames = 0;
	long nr;

	for (int i = 0; i < BW_NR_STATES; i++) {
		sums[i] = 0;
	}
	while ((nr = bw_frame_map(first, frames_per_group, groups, GROUPS_MAX)) > 0) {
		for (long group = 0; group < nr; group++) {
			for (int i = 0; i < BW_NR_STATES; i++) {
				sums[i] += groups[group].nr[i];
				nr_frames += groups[group].nr[i];
			}
		}
		first += (uint64_t)nr * frames_per_group;
	}
	return nr < 0 ? nr : (long)nr_frames;
}

static uint64_t nr_user(void) { return sums[BW_STATE_USER_HIDDEN] + sums[BW_STATE_USER_MAPPED]; }

static void test_sums(void)
{
	static const size_t sizes[] = { 16, 61, 1024, 5000, BW_FRAME_GROUP_MAX };
	struct bw_memory_info info;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		long nr = count(sizes[i]);

		bw_memory_info(&info);
		tap_is(nr, (long)info.nr_pfn, "groups of %zu frames hold each frame once",
		       sizes[i]);
	}
	tap_ok(sums[BW_STATE_IMAGE_TEXT] > 0 && sums[BW_STATE_KERNEL] > 0 &&
		       sums[BW_STATE_PTABLE] + sums[BW_STATE_PTABLE_GUARDED] > 0 &&
		       sums[BW_STATE_ENTRY] > 0 && nr_user() > 0,
	       "kernel, page tables, entry area and user have frames");
}

static void test_own_pages(void)
{
	enum bw_frame_state own =
		bw_option_is("xpfo", "off") ? BW_STATE_USER_MAPPED : BW_STATE_USER_HIDDEN;
	char *pages = mmap(NULL, NR_PAGES * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t before, pfn = 0;

	count(BW_FRAME_GROUP_MAX);
	before = sums[own];
	for (size_t i = 0; i < NR_PAGES; i++) {
		pages[i * BW_PAGE_SIZE] = 1;
	}
	count(BW_FRAME_GROUP_MAX);
	tap_ok(sums[own] >= before + NR_PAGES, "pages that this process takes are counted");
	bw_pagemap(pages, &pfn);
	tap_ok(bw_frame_map(pfn, 1, groups, 1) == 1 && groups[0].nr[own] == 1,
	       "a group of one frame has its state");
	munmap(pages, NR_PAGES * BW_PAGE_SIZE);
	count(BW_FRAME_GROUP_MAX);
	tap_ok(sums[own] < before + NR_PAGES, "and not any more when they are given back");
}

static int refuse_others(void *unused)
{
	(void)unused;
	return setuid(1000) == 0 && bw_frame_map(0, 1, groups, 1) == -EPERM ? 0 : 1;
}

static void test_limits(void)
{
	struct bw_frame_group *kernel = (struct bw_frame_group *)KERNEL_HALF;

	tap_is(bw_frame_map(0, BW_FRAME_GROUP_MAX / 4, groups, GROUPS_MAX), 4,
	       "one call looks at BW_FRAME_GROUP_MAX frames");
	tap_is(bw_frame_map(0, 1, groups, 0), 0, "no groups are no error");
	tap_is(bw_frame_map(UINT64_MAX, 1, groups, 1), 0, "behind the last frame there are none");
	tap_is(bw_frame_map(0, 0, groups, 1), -EINVAL, "groups of no frame are refused");
	tap_is(bw_frame_map(0, BW_FRAME_GROUP_MAX + 1, groups, 1), -EINVAL,
	       "so are those that are too large");
	tap_is(bw_frame_map(0, SIZE_MAX, groups, SIZE_MAX), -EINVAL, "however large");
	tap_is(bw_frame_map(0, 1, kernel, 1), -EFAULT, "so is a kernel address for the result");
	tap_is(child_run(refuse_others, NULL), 0, "only root may ask");
}

int main(void)
{
	test_sums();
	test_own_pages();
	test_limits();
	return tap_done();
}
