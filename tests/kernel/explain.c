/* What a report says about an address is true. */
#include "mm/explain.h"
#include "arch/x86_64/registers.h"
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/as.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/layout.h"
#include "mm/ptable.h"
#include "mm/xpfo.h"
#include "task/process.h"

enum { READ = 0, WRITE = FAULT_WRITE, FETCH = FAULT_FETCH };
#define SOME_USER_ADDRESS 0x400000ul

static void expect(uint64_t address, uint64_t error, enum bw_defence defence, const char *what)
{
	struct explanation explanation;

	explain_fault(process_current()->as->root, address, error, 0, &explanation);
	if (!ktest_ok(explanation.defence == defence, "%s: %s", what, defence_name(defence))) {
		ktest_diag("it says %s: %s: %s", explanation.region,
			   defence_name(explanation.defence), explanation.reason);
	}
}

static void expect_hidden(pfn_t frame, const char *owner)
{
	uint64_t address = direct_map_base + pfn_to_pa(frame).pa;
	struct explanation explanation;

	explain_fault(kernel_root, address + 8, READ, 0, &explanation);
	ktest_ok(explanation.defence == BW_DEFENCE_XPFO && explanation.frame.pfn == frame.pfn,
		 "a hidden frame that is %s: XPFO, and its number", owner);
	ktest_ok(strcmp(owner_name(explanation.owner), owner) == 0, "and its owner, %s", owner);
}

KTEST_SUITE(explain)
{
	pfn_t frame;

	if (frame_alloc_user(0, &frame)) {
		ktest_skip("no memory for a user frame");
		return;
	}
	if (xpfo_is_on()) {
		expect_hidden(frame, "USER");
	}
	frame_put_user(frame);
	if (xpfo_is_on()) {
		expect_hidden(frame, "FREE");
	}
	expect((uint64_t)image_start, WRITE | FAULT_PRESENT, BW_DEFENCE_WP,
	       "a write to the kernel's text");
	expect((uint64_t)rodata_start, FETCH | FAULT_PRESENT, BW_DEFENCE_NX,
	       "code in the kernel's constants");
	expect(thread_current()->stack.va - 8, WRITE, BW_DEFENCE_GUARD, "below a kernel stack");
	expect(WINDOW_BASE, READ, BW_DEFENCE_XPFO, "the window");
	expect(SOME_USER_ADDRESS, READ | FAULT_PRESENT,
	       options.smap == smap_on ? BW_DEFENCE_SMAP : BW_DEFENCE_NONE, "user memory");
	expect(SOME_USER_ADDRESS, FETCH | FAULT_PRESENT,
	       options.smep == smep_on ? BW_DEFENCE_SMEP : BW_DEFENCE_NX, "user code");
	expect(0, READ, BW_DEFENCE_NONE, "a null pointer");
	expect(1ul << 47, READ, BW_DEFENCE_NONE, "a non-canonical address");
	expect(UINT64_MAX, READ, BW_DEFENCE_NONE, "the last address");
	expect(direct_map_base + DIRECT_MAP_MAX_SIZE - 8, READ, BW_DEFENCE_NONE,
	       "the direct map's end, without memory");
}
