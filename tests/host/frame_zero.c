/* sources: tests/host/mm/machine.list */

/* When a page is zeroed: behind the flush it is zero for its user, in front of it (zero=early) it
 * holds what another CPU has stored meanwhile. */
#include "host_assert.h"
#include "mm/machine.h"
#include "tap.h"

#include "mm/frame/frame_alloc.h"

static pfn_t taken[MACHINE_FRAMES];

/* All that is free becomes revealed. */
static void reveal_all(void)
{
	unsigned nr = 0;

	while (frame_alloc_kernel(OWNER_KERNEL, 0, &taken[nr]) == STATUS_OK) {
		nr++;
	}
	while (nr) {
		frame_free_kernel(taken[--nr], 0);
	}
}

/* Another CPU has translations of all that is free, and stores wherever it still can while it is
 * waited for. */
static bool is_page_zero(unsigned order)
{
	pfn_t first;
	bool is_zero;

	reveal_all();
	for (uint32_t i = MACHINE_RESERVED; i < MACHINE_FRAMES; i++) {
		machine_other_cpu_touch((pfn_t){ i });
	}
	if ((order ? frame_alloc_large : frame_alloc_user)(&first)) {
		machine_die("there is no page of order %u", order);
	}
	is_zero = machine_is_zero(first, order);
	frame_put_user(first);
	return is_zero;
}

/* Nobody else stores. */
static bool are_all_zero(void)
{
	bool are_zero = true;
	unsigned nr = 0;

	machine_other_cpu_forget();
	reveal_all();
	while (frame_alloc_user(&taken[nr]) == STATUS_OK) {
		are_zero &= machine_is_zero(taken[nr++], 0);
	}
	while (nr) {
		frame_put_user(taken[--nr]);
	}
	return are_zero;
}

static void zero_when(enum option_xpfo xpfo, const char *variant)
{
	machine_choose_xpfo(xpfo);
	options.zero = zero_early;
	ok(are_all_zero(), "xpfo=%s, zero=early: pages that nobody else stores to are zero",
	   variant);
	ok(!is_page_zero(0) && !is_page_zero(HUGE_ORDER),
	   "xpfo=%s, zero=early: others hold what was stored", variant);
	options.zero = zero_late;
	ok(are_all_zero() && is_page_zero(0) && is_page_zero(HUGE_ORDER),
	   "xpfo=%s, zero=late: all pages are zero", variant);
	machine_check();
}

int main(void)
{
	machine_start();
	zero_when(xpfo_sync, "sync");
	zero_when(xpfo_epoch, "epoch");
	return done_testing();
}
