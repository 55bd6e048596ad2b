/* What a report says about an address is true. */
#include "arch/x86_64/cpu/registers.h"
#include "core/options.h"
#include "force.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/xpfo.h"
#include "mm/table/kaiser.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/watch/explain_access.h"
#include "task/process/process.h"

enum { ALLOWED = -1, READ = 0, WRITE = FAULT_WRITE, FETCH = FAULT_FETCH };
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

/* How both roots lead to the kernel's text, and which level takes what away. */
static void check_walks(void)
{
	struct explanation text;

	explain_address(process_current()->as->root, (uint64_t)image_start, &text);
	ktest_ok(text.kernel_walk.last == 1 && text.is_mapped &&
			 ptable_walk_stop(&text.kernel_walk, WALK_WRITE) == 1 &&
			 ptable_walk_stop(&text.kernel_walk, WALK_USER) == LEVEL_MAX &&
			 ptable_walk_gives(&text.kernel_walk, WALK_EXECUTE),
		 "the walk to kernel text: level 1 takes w, level 4 takes u, none takes x");
	ktest_ok(text.kernel_walk.entries[1].value ==
			 ptable_lookup(kernel_root, (uint64_t)image_start, NULL).value,
		 "its last entry is the page's");
	ktest_ok(text.has_shadow == (kaiser_in_force != kaiser_off) &&
			 (!text.has_shadow ||
			  (text.shadow_walk.last == LEVEL_MAX && !text.shadow_walk.is_mapped)),
		 "the shadow root's ends at level 4");
	explain_address(process_current()->as->root, 1ul << 47, &text);
	ktest_ok(!text.kernel_walk.last && !text.is_mapped, "a non-canonical address has no walk");
}

/* Tables that another CPU may just have freed, and filled with anything. */
static void check_broken_tables(pfn_t table)
{
	struct ptable_walk walk;
	pte_t *entries = direct_map_pointer(table);

	FORCE(entries[0] = pte_make((pfn_t){ nr_frames + 7 }, PTE_PRESENT));
	ptable_walk(table, 0, &walk);
	ktest_ok(walk.last == LEVEL_MAX && !walk.is_mapped,
		 "a walk ends where an entry leads out of memory");
	FORCE(entries[0] = pte_make(pa_to_pfn((pa_t){ LOAD_BASE }), PTE_PRESENT));
	ptable_walk(table, 0, &walk);
	ktest_ok(walk.last == LEVEL_MAX && !walk.is_mapped,
		 "and where it leads to what the direct map lacks");
	FORCE(entries[0] = pte_make(table, PTE_PRESENT));
	ptable_walk(table, 0, &walk);
	ktest_ok(walk.last == 1 && walk.is_mapped, "and after four levels in any case");
}

static void expect_exception(struct regs regs, uint64_t address, const char *words)
{
	struct explanation explanation;

	explain_exception(kernel_root, &regs, &explanation);
	if (!ktest_ok(explanation.address == address &&
			      strncmp(explanation.reason, words, strlen(words)) == 0,
		      "an exception is explained: %s", words)) {
		ktest_diag("it says 0x%lx: %s", explanation.address, explanation.reason);
	}
}

static void check_exceptions(void)
{
	const uint64_t nowhere = 1ul << 63 | 5, text = (uint64_t)image_start;

	expect_exception((struct regs){ .vector = VECTOR_GENERAL_PROTECTION, .rip = nowhere },
			 nowhere, "rip holds 0x8000000000000005, which is not canonical");
	expect_exception(
		(struct regs){ .vector = VECTOR_GENERAL_PROTECTION, .rip = text, .r15 = nowhere },
		nowhere, "r15 holds 0x8000000000000005, which is not canonical");
	expect_exception((struct regs){ .vector = VECTOR_STACK, .rip = text, .rsp = nowhere },
			 nowhere, "rsp holds 0x8000000000000005, which is not canonical");
	expect_exception(
		(struct regs){ .vector = VECTOR_GENERAL_PROTECTION, .rip = text, .error = 0x28 },
		text, "the processor refused selector 0x28");
	expect_exception((struct regs){ .vector = VECTOR_UNDEFINED, .rip = text }, text,
			 "the bytes at rip are no instruction");
}

static void expect_access(uint64_t address, enum accessor accessor, enum access access, int defence,
			  const char *what)
{
	pfn_t root = process_current()->as->root;
	struct memory_region region;
	struct explanation explanation;
	struct access_verdict verdict;

	explain_address(root, address, &explanation);
	memory_region_find(process_current()->as, address, &region);
	explain_access(root, &explanation, &region, accessor, access, &verdict);
	if (!ktest_ok(verdict.is_allowed ? defence == ALLOWED : (int)verdict.defence == defence,
		      "it is foretold: %s", what)) {
		ktest_diag("it says %s, %s: %s", verdict.is_allowed ? "yes" : "no",
			   defence_name(verdict.defence), verdict.reason);
	}
}

static void check_accesses(void)
{
	const uint64_t text = (uint64_t)image_start, data = (uint64_t)ro_after_init_end;
	bool has_shadow = kaiser_in_force != kaiser_off;
	enum bw_defence from_user = has_shadow ? BW_DEFENCE_KAISER : BW_DEFENCE_SUPERVISOR;

	expect_access(text, ACCESSOR_KERNEL, ACCESS_READ, ALLOWED, "the kernel reads its text");
	expect_access(text, ACCESSOR_KERNEL, ACCESS_FETCH, ALLOWED, "and runs it");
	expect_access(text, ACCESSOR_KERNEL, ACCESS_WRITE, BW_DEFENCE_WP, "and cannot write it");
	expect_access(data, ACCESSOR_KERNEL, ACCESS_WRITE, ALLOWED, "the kernel writes its data");
	expect_access(data, ACCESSOR_KERNEL, ACCESS_FETCH, BW_DEFENCE_NX, "and cannot run it");
	expect_access(text, ACCESSOR_USER, ACCESS_READ, from_user,
		      "a program cannot read the text");
	expect_access(ENTRY_AREA_BASE, ACCESSOR_USER, ACCESS_READ, BW_DEFENCE_SUPERVISOR,
		      "nor what the shadow root has of the kernel");
	expect_access(SOME_USER_ADDRESS, ACCESSOR_USER, ACCESS_READ, ALLOWED,
		      "a program reads its own");
	expect_access(SOME_USER_ADDRESS, ACCESSOR_USER, ACCESS_WRITE, BW_DEFENCE_NONE,
		      "and cannot write what it has read-only");
	expect_access(1ul << 47, ACCESSOR_USER, ACCESS_READ, BW_DEFENCE_NONE,
		      "a non-canonical address");
}

KTEST_SUITE(explain_walks)
{
	pfn_t table;

	check_walks();
	check_exceptions();
	check_accesses();
	if (frame_alloc_zeroed(OWNER_KERNEL, 0, &table)) {
		ktest_skip("no memory for a page table");
		return;
	}
	check_broken_tables(table);
	frame_free_kernel(table, 0);
}

KTEST_SUITE(explain)
{
	pfn_t frame;

	if (frame_alloc_user(&frame)) {
		ktest_skip("no memory for a user frame");
		return;
	}
	if (xpfo_is_on()) {
		expect_hidden(frame, "USER");
	}
	frame_put_user(frame);
	if (xpfo.stays_hidden) {
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
