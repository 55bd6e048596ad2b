/* With ptprot: what the gate itself goes by is nobody's to change, and its own window is no source
 * of bytes. */
#include "core/cpu.h"
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/window.h"
#include "mm/pool/pool.h"
#include "task/authority/active_syscall_table.h"

static uint64_t how(enum pool_write_kind kind, uint32_t len_bytes)
{
	return (uint64_t)kind << 32 | len_bytes;
}

static void window_tables(void)
{
	const pte_t *entry = this_cpu()->window_entries;

	ktest_ok(asked(GATE_ENTRY_SET, entry, pte_read(entry).value, 0, 0) == GATE_NO_TABLE &&
			 asked(GATE_ENTRY_SET, entry + 1, 0, 0, 0) == GATE_NO_TABLE,
		 "entries of a window's page table are not set, not even to what they are");
	ktest_ok(asked(GATE_ENTRIES_FILL, entry, 2, 0, 0) == GATE_NO_TABLE, "nor emptied");
}

/* struct cpu_sealed of this CPU, in the pool that is claimed for it. */
static void target_words(void)
{
	uint64_t place = active_syscall_table_address(), table = *(const uint64_t *)place;
	pfn_t frame = pte_frame(ptable_lookup(kernel_root, place, NULL));
	const union pool_slot *area = pool_slot(frame_entry(frame)->number, SLOT_AREA);
	uint64_t last = place + offsetof(struct cpu_sealed, current);

	if (!area) {
		ktest_skip("it lies in no pool");
		return;
	}
	ktest_ok(asked_of(GATE_POOL_WRITE, place, table, how(POOL_WRITE_STORE, 8),
			  area->area.pool) == GATE_NOT_OURS,
		 "the call table of a processor is not written by the name of its pool");
	ktest_ok(asked_of(GATE_POOL_WRITE, last, *(const uint64_t *)last, how(POOL_WRITE_STORE, 8),
			  area->area.pool) == GATE_NOT_OURS,
		 "nor is what the gate goes by");
}

static void sources(pte_t *leaf)
{
	ktest_ok(asked(GATE_PAGES_WRITE, leaf, 0, WINDOW_BASE, PAGE_SIZE) == GATE_NO_TABLE &&
			 asked(GATE_PAGES_WRITE, leaf, 0, WINDOW_BASE - PAGE_SIZE / 2, PAGE_SIZE) ==
				 GATE_NO_TABLE,
		 "what a window shows is not copied to a page");
}

/* What it would be if its last page had gone. */
static void loaded_root(void)
{
	pfn_t root = pa_to_pfn(cr3_root(cr3_read()));
	struct frame dying = { .owner = OWNER_PTABLE,
			       .flags = LEVEL_MAX | TABLE_LINKED | ROOT_DYING,
			       .number = root.pfn };

	ktest_ok(asked_with(root, dying, GATE_ROOT_CHANGE, root.pfn, ROOT_IDLE) == GATE_NO_CHANGE,
		 "the root that is loaded does not rest");
}

static void dirty_frame(pfn_t frame)
{
	struct frame dirty = { .owner = OWNER_FREE, .flags = FRAME_HIDDEN | FRAME_DIRTY };

	ktest_ok(asked_with(frame, dirty, GATE_FRAMES_SETTLE, frame.pfn, 1) == GATE_NO_CHANGE,
		 "a frame that somebody left is not clean because it waits for nothing");
}

KTEST_SUITE(gate_own)
{
	struct as *as;
	pte_t *leaf;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	window_tables();
	target_words();
	loaded_root();
	leaf = space_make(&as, 1, 1);
	if (!leaf) {
		ktest_skip("no memory for an address space");
		return;
	}
	sources(leaf);
	dirty_frame(pte_frame(pte_read(leaf)));
	as_put(as);
}
