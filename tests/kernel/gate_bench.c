/*
 * What one call of the gate costs: measured here, made into a table by tools/bench-cost. Each
 * figure is a comment line `bench gate_NAME NR TICKS 0 0 0`: NR calls in that many ticks of the
 * TSC. gate_nothing is the same without a call: what reading the TSC twice takes.
 */
#include "arch/x86_64/cpu/registers.h"
#include "core/cpu.h"
#include "ktest.h"
#include "mm/as/as.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

enum { NR_CALLS = 64 };

static struct {
	uint64_t nothing, map, park, flag, hold;
} ticks;

/* From here on until the clock is read again. */
#define TIMED(sum, statement)                                                                      \
	do {                                                                                       \
		uint64_t start = tsc_read();                                                       \
                                                                                                   \
		statement;                                                                         \
		(sum) += tsc_read() - start;                                                       \
	} while (0)

/* The entry is that of a user's page; everything is as it was afterwards. */
static void measure(pte_t *entry, uint64_t page, pfn_t kernels)
{
	pte_t pte = pte_read(entry);
	pfn_t frame = pte_frame(pte);
	struct released released = { 0 };
	bool is_mapped = true;

	for (unsigned i = 0; i < NR_CALLS; i++) {
		TIMED(ticks.nothing, (void)0);
		TIMED(ticks.park, (void)pages_park(entry, 1, page));
		(void)pages_release(entry, 1, false, &released);
		TIMED(ticks.map, is_mapped &= page_map(entry, pte));
		released.nr = 0;
		TIMED(ticks.flag, frames_flag(kernels, 1, FRAME_COPIED, 0));
		TIMED(ticks.hold, is_mapped &= frame_hold(frame));
		if (!frame_let_go(&released)) {
			frame_put_user(frame);
		}
	}
	ktest_ok(is_mapped, "a frame that was released can be mapped again");
}

static void tell(const char *name, uint64_t sum)
{
	ktest_diag("bench gate_%s %u %lu 0 0 0", name, (unsigned)NR_CALLS, sum);
}

KTEST_SUITE(gate_bench)
{
	uint64_t page = USER_MIN + 16 * PAGE_SIZE;
	uint64_t before;
	pfn_t kernels;
	struct as *as;
	uva_t at;

	if (as_create(&as)) {
		ktest_skip("no memory for an address space");
		return;
	}
	if (as_map(as, AS_MAP_FIXED, page, PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0, &at) ||
	    as_fault(as, (uva_t){ page }, RIGHT_WRITE) ||
	    frame_alloc_kernel(OWNER_KERNEL, 0, &kernels)) {
		as_put(as);
		ktest_skip("no memory for a page");
		return;
	}
	before = this_cpu()->counters[COUNTER_gate_calls];
	measure(ptable_entry(as->root, page, 1), page, kernels);
	ktest_ok(this_cpu()->counters[COUNTER_gate_calls] - before ==
			 (gate_in_force == ptprot_off ? 0 : NR_CALLS * 6ul),
		 "each call is one of the gate, if there is one");
	frame_free_kernel(kernels, 0);
	tell("nothing", ticks.nothing);
	tell("map", ticks.map);
	tell("park", ticks.park);
	tell("flag", ticks.flag);
	tell("hold", ticks.hold);
	ktest_ok(ticks.nothing && ticks.map > ticks.nothing, "a call of the gate takes its time");
	as_put(as);
}
