/* What the kernel tells of page tables: true of this process, and of shadow roots what KAISER says.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

/* Hidden frames leave holes in the direct map: many ranges. */
enum { RANGES_MAX = 32768 };
#define KERNEL_HALF 0xffff800000000000UL

static struct bw_range kernel[RANGES_MAX], shadow[RANGES_MAX];

/* All ranges of a root, asked for `step` at a time: how many, or an error. */
static long read_root(enum bw_root root, struct bw_range *ranges, size_t step)
{
	uint64_t start = 0;
	size_t nr = 0;

	for (;;) {
		long more = bw_ptdump(0, root, start, ranges + nr, step);

		if (more < 0 || nr + step > RANGES_MAX - step) {
			return more < 0 ? more : -ENOMEM;
		}
		nr += (size_t)more;
		if (more == 0 || ranges[nr - 1].end == 0) {
			return (long)nr;
		}
		start = ranges[nr - 1].end;
	}
}

static const struct bw_range *find(const struct bw_range *ranges, long nr, uint64_t address)
{
	for (long i = 0; i < nr; i++) {
		if (address >= ranges[i].start && address <= ranges[i].end - 1) {
			return &ranges[i];
		}
	}
	return NULL;
}

static bool are_in_order(const struct bw_range *ranges, long nr)
{
	for (long i = 0; i < nr; i++) {
		if (ranges[i].start > ranges[i].end - 1 ||
		    (i > 0 && ranges[i - 1].end > ranges[i].start)) {
			return false;
		}
	}
	return nr > 0;
}

static bool has_region(const struct bw_range *ranges, long nr, const char *region)
{
	for (long i = 0; i < nr; i++) {
		if (strcmp(ranges[i].region, region) == 0) {
			return true;
		}
	}
	return false;
}

/* Of the kernel half only the entry area, for the kernel alone, nothing writable and executable. */
static bool is_bare(const struct bw_range *ranges, long nr)
{
	for (long i = 0; i < nr; i++) {
		bool is_user = ranges[i].start < KERNEL_HALF;
		bool is_marked_user = ranges[i].rights & BW_RANGE_USER;
		uint32_t both = BW_RANGE_WRITE | BW_RANGE_EXECUTE;

		if (is_user != is_marked_user || (ranges[i].rights & both) == both ||
		    (!is_user && strcmp(ranges[i].region, "entry area") != 0)) {
			return false;
		}
	}
	return true;
}

static int refuse_others(void *unused)
{
	(void)unused;
	return setuid(1000) == 0 && bw_ptdump(0, BW_ROOT_KERNEL, 0, kernel, 1) == -EPERM ? 0 : 1;
}

static void test_page(long nr_shadow)
{
	char *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	uint64_t at = (uintptr_t)page;
	struct bw_range range = { 0 };

	tap_ok(find(shadow, nr_shadow, at) == NULL, "a page that nobody touched is not mapped");
	page[0] = 1;
	tap_ok(bw_ptdump(0, BW_ROOT_SHADOW, at, &range, 1) == 1 && range.start == at &&
		       range.rights & BW_RANGE_WRITE && !(range.rights & BW_RANGE_EXECUTE) &&
		       strncmp(range.owner, "USER", 4) == 0,
	       "a page that was touched is there, with its rights and owner");
	munmap(page, BW_PAGE_SIZE);
	tap_ok(bw_ptdump(0, BW_ROOT_SHADOW, at, &range, 1) >= 0 && range.start != at,
	       "and is gone when it is unmapped");
}

static void test_refusals(void)
{
	tap_is(bw_ptdump(9999, BW_ROOT_KERNEL, 0, kernel, 1), -ESRCH, "a pid of nobody is refused");
	tap_is(bw_ptdump(0, (enum bw_root)2, 0, kernel, 1), -EINVAL, "a third root is refused");
	tap_is(bw_ptdump(0, BW_ROOT_KERNEL, 0x0000800000000000, kernel, 1), -EINVAL,
	       "a non-canonical start is refused");
	tap_is(bw_ptdump(0, BW_ROOT_KERNEL, 8, kernel, 1), -EINVAL, "so is one inside of a page");
	tap_is(bw_ptdump(0, BW_ROOT_KERNEL, 0, (struct bw_range *)KERNEL_HALF, 1), -EFAULT,
	       "so is a kernel address for the result");
	tap_is(child_run(refuse_others, NULL), 0, "only root may ask");
}

int main(void)
{
	uint64_t code = (uintptr_t)main;
	long nr_kernel = read_root(BW_ROOT_KERNEL, kernel, 61);
	long nr_shadow = read_root(BW_ROOT_SHADOW, shadow, 7);
	const struct bw_range *in_kernel = find(kernel, nr_kernel, code);
	const struct bw_range *in_shadow = find(shadow, nr_shadow, code);

	tap_ok(are_in_order(kernel, nr_kernel), "the kernel root's ranges are in order");
	tap_ok(are_in_order(shadow, nr_shadow), "so are the shadow root's");
	tap_ok(has_region(kernel, nr_kernel, "direct map") &&
		       has_region(kernel, nr_kernel, "kernel image") &&
		       has_region(kernel, nr_kernel, "kernel space"),
	       "the kernel root has the kernel's regions");
	tap_ok(is_bare(shadow, nr_shadow), "the shadow root has none of them but the entry area");
	tap_ok(in_shadow != NULL && in_shadow->rights == (BW_RANGE_USER | BW_RANGE_EXECUTE),
	       "there our code can be run, not written");
	tap_ok(in_kernel != NULL &&
		       !(in_kernel->rights & BW_RANGE_EXECUTE) == !bw_option_is("kaiser", "off"),
	       "in the kernel root it cannot be run where KAISER is on");
	test_page(nr_shadow);
	test_refusals();
	return tap_done();
}
