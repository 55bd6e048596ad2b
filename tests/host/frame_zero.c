/* sources: tests/host/mm/machine.c tests/host/mm/early.c tests/host/mm/direct_tlb.c
 *          tests/host/mm/machine_check.c tests/host/mm/user_tlb.c tests/host/mm/window.c
 *          kernel/mm/frame_alloc.c kernel/mm/frame_user.c kernel/mm/frame_hidden.c
 *          kernel/mm/frame_large.c kernel/mm/frame_hide.c kernel/mm/frame_gather.c
 *          kernel/mm/frame_put.c kernel/core/poll.c kernel/mm/quarantine.c kernel/mm/frame.c
 *          kernel/mm/gate/gate.c kernel/mm/gate/frames.c tests/host/mm/gate.c
 *          kernel/mm/gate/entries.c kernel/mm/gate/kernel_entries.c kernel/mm/gate/roots.c
 *          kernel/mm/gate/share.c kernel/mm/gate/move.c kernel/mm/gate/places.c
 *          kernel/mm/gate/links.c kernel/mm/gate/locks.c kernel/mm/gate/pages.c
 *          kernel/mm/gate/user.c tests/host/mm/gate_open.c kernel/mm/frame_history.c
 *          kernel/mm/buddy.c kernel/mm/direct_map.c kernel/mm/direct_split.c kernel/mm/ptable.c
 *          kernel/mm/xpfo.c kernel/core/lock.c kernel/core/cpu.c
 *          -Wl,--wrap=frame_transition,--wrap=frame_check_hands kernel/mm/gate/copy.c
 *          kernel/mm/gate/user_frames.c kernel/mm/gate/large.c kernel/mm/gate/hold.c
 *          kernel/mm/gate/memory.c kernel/mm/gate/pool_pages.c kernel/mm/gate/pool_slots.c
 *          kernel/mm/gate/pool_write.c kernel/mm/gate/empty.c */

/* When a page is zeroed: behind the flush it is zero for its user, in front of it (zero=early) it
 * holds what another CPU has stored meanwhile. */
#include "host_assert.h"
#include "mm/machine.h"
#include "tap.h"

#include "mm/frame_alloc.h"

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
