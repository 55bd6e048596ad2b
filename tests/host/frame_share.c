/* sources: tests/host/mm/machine.list */

/* What is kept back when memory runs out: for root, and for the kernel, under each XPFO variant. */
#include "host_assert.h"
#include "mm/machine.h"
#include "tap.h"

#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_init.h"
#include "mm/frame/frame_pool.h"

struct hoard {
	pfn_t frames[MACHINE_FRAMES];
	unsigned nr;
};

static struct hoard pages, objects;
static bool is_root; /* the current process */

static bool current_is_root(void) { return is_root; }

static unsigned pages_take_all(void)
{
	unsigned nr_before = pages.nr;

	while (frame_alloc_user(&pages.frames[pages.nr]) == STATUS_OK) {
		pages.nr++;
	}
	return pages.nr - nr_before;
}

static unsigned objects_take_all(void)
{
	unsigned nr_before = objects.nr;

	while (frame_alloc_kernel(OWNER_KERNEL, 0, &objects.frames[objects.nr]) == STATUS_OK) {
		objects.nr++;
	}
	return objects.nr - nr_before;
}

static void pages_free(unsigned nr)
{
	while (nr--) {
		frame_put_user(pages.frames[--pages.nr]);
	}
}

static void objects_free(void)
{
	while (objects.nr) {
		frame_free_kernel(objects.frames[--objects.nr], 0);
	}
}

static void shares(const char *variant)
{
	uint64_t nr_free = machine_nr_free(), nr_reserve = machine_nr_reserve();

	machine_note("xpfo=%s", variant);
	is_root = false;
	is(pages_take_all(), nr_free - 3 * nr_reserve, "xpfo=%s: users cannot fill all of memory",
	   variant);
	is(objects_take_all(), nr_reserve, "xpfo=%s: the kernel has a share to serve them",
	   variant);
	ok(!frame_kernel_is_allowed(), "xpfo=%s: after that what it keeps ready is root's",
	   variant);
	is_root = true;
	is(pages_take_all(), nr_reserve, "xpfo=%s: root's pages have their share", variant);
	pages_free((unsigned)nr_reserve);
	is_root = false;
	is(pages_take_all() + objects_take_all(), 0, "xpfo=%s: and what root frees stays root's",
	   variant);
	is_root = true;
	is(pages_take_all(), nr_reserve, "xpfo=%s: who can have it again", variant);
	is(objects_take_all(), nr_reserve, "xpfo=%s: the kernel has the rest for root", variant);
	machine_check();
	pages_free(pages.nr);
	objects_free();
	is(machine_nr_free(), nr_free, "xpfo=%s: all of that comes back", variant);
}

/* What CPUs keep for themselves counts before anybody is refused. */
static void kept_counts(const char *variant)
{
	uint64_t nr_free = machine_nr_free(), nr_reserve = machine_nr_reserve(), nr_kept;

	is_root = false;
	if (frame_alloc_user(&pages.frames[pages.nr])) {
		machine_die("no page");
	}
	pages.nr++;
	while (frame_pool_nr_free() > 3 * nr_reserve) {
		if (frame_alloc_kernel(OWNER_KERNEL, 0, &objects.frames[objects.nr])) {
			machine_die("no frame");
		}
		objects.nr++;
	}
	nr_kept = machine_nr_free() - frame_pool_nr_free();
	ok(frame_user_is_allowed(nr_kept) && !frame_user_is_allowed(nr_kept + 1),
	   "xpfo=%s: %lu frames in a CPU's cache count as free pages", variant, nr_kept);
	pages_free(pages.nr);
	if (frame_alloc_user(&pages.frames[pages.nr])) {
		machine_die("no page");
	}
	pages.nr++;
	while (frame_pool_nr_free() > 2 * nr_reserve) {
		if (frame_alloc_kernel(OWNER_KERNEL, 0, &objects.frames[objects.nr])) {
			machine_die("no frame");
		}
		objects.nr++;
	}
	nr_kept = machine_nr_free() - frame_pool_nr_free();
	is(frame_kernel_is_allowed(), nr_kept > 0,
	   "xpfo=%s: and %lu as free for what the kernel keeps ready", variant, nr_kept);
	pages_free(pages.nr);
	objects_free();
	is(machine_nr_free(), nr_free, "xpfo=%s: all of that comes back, too", variant);
}

int main(void)
{
	static const char *const variants[] = { "off",     "v1", "v6",   "v7noflush", "v7",   "v8",
						"v8batch", "v9", "sync", "pageblock", "epoch" };

	machine_start();
	frame_alloc_set_root_hook(current_is_root);
	for (unsigned i = 0; i < ARRAY_SIZE(variants); i++) {
		machine_choose_xpfo((enum option_xpfo)i);
		machine_other_cpu_forget();
		shares(variants[i]);
		kept_counts(variants[i]);
	}
	return done_testing();
}
