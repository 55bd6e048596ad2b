/*
 * With ptprot: what no frame becomes by saying so. Of each owner one is asked for what would let
 * two have it, or show what it holds: free ones that are revealed, wait, or are clean; the kernel's
 * own, a pool's and a user's.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/window.h"
#include "mm/pool/pool.h"
#include "revealed.h"

#define ALL_BITS (~0ul)
#define RIGHTS (PTE_PRESENT | PTE_USER | PTE_WRITABLE | PTE_NO_EXECUTE)
#define BECOMES(frame, ...) set(frame, ALL_BITS, FRAME_WORD(__VA_ARGS__))
enum { AREA_OF_OTHERS = 7 };

/* These members of its word. */
static enum gate_refusal set(pfn_t frame, uint64_t members, uint64_t value)
{
	return asked_of(GATE_FRAMES_SET, frame.pfn, 1, ~members, value);
}

/* While the frame has these flags besides. */
static enum gate_refusal set_with(pfn_t frame, uint8_t flags, uint64_t members, uint64_t value)
{
	struct frame before = *frame_entry(frame);
	enum gate_refusal refusal;

	FORCE(frame_entry(frame)->flags |= flags);
	refusal = set(frame, members, value);
	FORCE(*frame_entry(frame) = before);
	return refusal;
}

static enum gate_refusal moved(enum gate_operation operation, pfn_t first, uint64_t nr)
{
	return asked_of(operation, first.pfn, nr, 0, 0);
}

static enum gate_refusal mapped(const pte_t *empty, pfn_t frame)
{
	return asked(GATE_PAGE_MAP, empty, pte_make(frame, RIGHTS).value, 0, 0);
}

static void ask_for_range(void)
{
	const enum gate_operation all[] = { GATE_FRAMES_SET, GATE_FRAMES_HIDE, GATE_FRAMES_REVEAL,
					    GATE_FRAMES_SETTLE };
	pfn_t last = { nr_frames - 1 };

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		ktest_ok(moved(all[i], (pfn_t){ nr_frames }, 1) == GATE_NO_FRAME &&
				 moved(all[i], last, 2) == GATE_NO_FRAME &&
				 moved(all[i], last, ALL_BITS) == GATE_NO_FRAME,
			 "there is no frame behind all: %u", all[i]);
	}
	ktest_ok(moved(GATE_FRAMES_SETTLE, (pfn_t){ 1 }, WINDOW_PAGES + 1) == GATE_NO_FRAME,
		 "no more frames are settled at once than are shown");
	ktest_ok(frame_entry((pfn_t){ 0 })->owner == OWNER_RESERVED &&
			 BECOMES((pfn_t){ 0 }, .owner = OWNER_FREE) == GATE_NO_CHANGE &&
			 BECOMES((pfn_t){ 0 }, .owner = OWNER_KERNEL) == GATE_NO_CHANGE,
		 "what firmware has is not free, nor the kernel's");
}

static void ask_revealed(pfn_t frame, const pte_t *empty)
{
	ktest_ok(BECOMES(frame, .owner = OWNER_KERNEL, .flags = FRAME_MAPPED) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_KERNEL, .flags = FRAME_SEALED) ==
				 GATE_NO_CHANGE,
		 "no frame begins as mapped, or as sealed");
	ktest_ok(BECOMES(frame, .owner = OWNER_PTABLE, .nr_used = 1) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_PTABLE, .flags = TABLE_CLEAN) ==
				 GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_PTABLE, .flags = TABLE_RESERVED | 1) ==
				 GATE_NO_CHANGE,
		 "no page table begins with entries, or clean, or reserved");
	ktest_ok(BECOMES(frame, .owner = OWNER_ENTRY) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_RESERVED) == GATE_NO_CHANGE,
		 "the entry area gets none any more");
	ktest_ok(options.pmalloc != pmalloc_full ||
			 BECOMES(frame, .owner = OWNER_POOL, .number = FRAME_NO_AREA) ==
				 GATE_NO_CHANGE,
		 "no pool gets a frame that the direct map shows");
	ktest_ok(!xpfo_is_strict() || mapped(empty, frame) == GATE_NO_FRAME,
		 "nor does a page table name one");
	ktest_ok(moved(GATE_FRAMES_SETTLE, frame, 1) == GATE_NO_CHANGE, "nor is one settled");
}

/* It is hidden, and waits. */
static void ask_waiting(pfn_t frame, const pte_t *empty)
{
	struct frame settling = *frame_entry(frame);

	settling.number = FRAME_SETTLING;
	ktest_ok(!xpfo_is_strict() || mapped(empty, frame) == GATE_NO_FRAME,
		 "no page table names a frame that waits");
	ktest_ok(asked_with(frame, settling, GATE_FRAMES_HIDE, frame.pfn, 1) == GATE_NO_CHANGE &&
			 asked_with(frame, settling, GATE_FRAMES_REVEAL, frame.pfn, 1) ==
				 GATE_NO_CHANGE &&
			 asked_with(frame, settling, GATE_FRAMES_SETTLE, frame.pfn, 1) ==
				 GATE_NO_CHANGE,
		 "nothing else is done to a frame that is being zeroed");
	ktlb_wait(ktlb_downgrade());
	ktest_ok(frames_settle(frame, 1, false), "it is settled");
}

static void ask_clean(pfn_t frame)
{
	ktest_ok(BECOMES(frame, .owner = OWNER_KERNEL) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_KERNEL, .flags = FRAME_HIDDEN) ==
				 GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_PTABLE) == GATE_NO_CHANGE,
		 "the kernel gets no frame that is hidden");
	ktest_ok(BECOMES(frame, .owner = OWNER_POOL, .number = FRAME_NO_AREA) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_POOL, .flags = FRAME_HIDDEN | FRAME_MAPPED,
				 .number = FRAME_NO_AREA) == GATE_NO_CHANGE,
		 "a pool gets it hidden, and not mapped");
	ktest_ok(BECOMES(frame, .owner = OWNER_POOL, .flags = FRAME_HIDDEN,
			 .number = AREA_OF_OTHERS) == GATE_NO_CHANGE,
		 "and not as some area's");
	ktest_ok(BECOMES(frame, .owner = OWNER_USER, .flags = FRAME_HIDDEN, .refs = 1) ==
				 GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_USER, .flags = FRAME_FRESH, .refs = 1) ==
				 GATE_NO_CHANGE,
		 "a user's is fresh, and hidden");
	ktest_ok(BECOMES(frame, .owner = OWNER_USER, .flags = FRAME_HIDDEN | FRAME_FRESH,
			 .refs = 2) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_USER, .flags = FRAME_HIDDEN | FRAME_FRESH,
				 .refs = 1, .kmaps = 1) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_USER, .flags = FRAME_HIDDEN | FRAME_FRESH,
				 .order = HUGE_ORDER) == GATE_NO_CHANGE,
		 "without more references, or holds, and of 4 KiB");
}

static void ask_kernels(const pte_t *empty)
{
	uint64_t flags = FRAME_WORD(.flags = UINT8_MAX);
	pfn_t frame;

	if (frame_alloc_kernel(OWNER_KERNEL, 0, &frame)) {
		ktest_skip("no memory for a frame");
		return;
	}
	ktest_ok(mapped(empty, frame) == GATE_NO_FRAME,
		 "no page table names a frame of the kernel's");
	ktest_ok(BECOMES(frame, .owner = OWNER_POOL, .number = FRAME_NO_AREA) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_PTABLE) == GATE_NO_CHANGE,
		 "nor does another owner get it at once");
	ktest_ok(set(frame, flags, FRAME_WORD(.flags = FRAME_MAPPED)) == GATE_NO_CHANGE &&
			 set(frame, flags, FRAME_WORD(.flags = FRAME_HIDDEN)) == GATE_NO_CHANGE,
		 "nor is it mapped or hidden by saying so");
	ktest_ok(BECOMES(frame, .owner = OWNER_FREE, .flags = FRAME_HIDDEN) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_FREE, .kmaps = 1) == GATE_NO_CHANGE,
		 "it becomes free as it is, not hidden, or held");
	ktest_ok(set_with(frame, FRAME_SEALED, flags, 0) == GATE_NO_CHANGE &&
			 set_with(frame, FRAME_SEALED, ALL_BITS, FRAME_WORD(.owner = OWNER_FREE)) ==
				 GATE_NO_CHANGE,
		 "what is sealed stays so, and the kernel's");
	ktest_ok(set_with(frame, FRAME_HIDDEN, ALL_BITS,
			  FRAME_WORD(.owner = OWNER_FREE, .flags = FRAME_HIDDEN)) == GATE_NO_CHANGE,
		 "nor does it become free hidden");
	ktest_ok(asked_of(GATE_FRAME_CLEAR, frame.pfn, 0, 0, 0) == GATE_IN_USE &&
			 asked_of(GATE_FRAME_CLEAR, nr_frames, 0, 0, 0) == GATE_NO_FRAME,
		 "nor is it cleared");
	frame_free_kernel(frame, 0);
}

/* Hidden, and not sealed: nothing but its place is said. */
static void ask_pools(const pte_t *empty)
{
	pfn_t slots = pte_frame(ptable_lookup(kernel_root, (uint64_t)pool_header(), NULL));
	const struct frame *entry;
	pfn_t frame;

	if (options.pmalloc != pmalloc_full || frames_alloc_pool(POOL_ALIAS_NONE, &frame, 1)) {
		ktest_skip("no hidden frame for a pool");
		return;
	}
	entry = frame_entry(frame);
	ktest_ok(mapped(empty, frame) == GATE_NO_FRAME && mapped(empty, slots) == GATE_NO_FRAME,
		 "no page table names a frame of a pool's, or descriptors");
	ktest_ok(set(frame, FRAME_WORD(.flags = UINT8_MAX),
		     FRAME_WORD(.flags = FRAME_HIDDEN | FRAME_SEALED)) == GATE_NO_CHANGE &&
			 set(frame, FRAME_WORD(.flags = UINT8_MAX), 0) == GATE_NO_CHANGE,
		 "nor is it sealed, or shown, by saying so");
	ktest_ok(BECOMES(frame, .owner = OWNER_FREE) == GATE_NO_CHANGE &&
			 BECOMES(frame, .owner = OWNER_FREE, .flags = FRAME_HIDDEN, .kmaps = 1) ==
				 GATE_NO_CHANGE,
		 "nor does it become free revealed, or held");
	ktest_ok(set_with(frame, FRAME_MAPPED, ALL_BITS,
			  FRAME_WORD(.owner = OWNER_FREE, .flags = FRAME_HIDDEN)) == GATE_NO_CHANGE,
		 "nor while it is mapped");
	frame_transition(frame, 0, OWNER_POOL, OWNER_FREE);
	ktest_ok(entry->flags == (FRAME_HIDDEN | FRAME_DIRTY) && entry->number,
		 "free again it is dirty, and waits");
	ktlb_wait(ktlb_downgrade());
	ktest_ok(frames_settle(frame, 1, true), "before it is settled");
	frame_transition(frame, 0, OWNER_FREE, OWNER_POOL);
	frame_free_pool(&frame, 1);
}

/* One that an entry names, and what an address space needs. */
static void ask_users(const struct as *as, pfn_t frame)
{
	pfn_t table = pte_frame(pte_read(ptable_entry(as->root, TEST_START, 2)));

	ktest_ok(moved(GATE_FRAMES_HIDE, frame, 1) != GATE_DONE &&
			 moved(GATE_FRAMES_REVEAL, frame, 1) == GATE_NO_CHANGE &&
			 moved(GATE_FRAMES_SETTLE, frame, 1) == GATE_NO_CHANGE,
		 "a user's frame is not hidden anew, shown, or zeroed");
	ktest_ok(asked_of(GATE_FRAME_CLEAR, frame.pfn, 0, 0, 0) == GATE_IN_USE, "nor cleared");
	ktest_ok(!direct_map_has(frame) || set(frame, FRAME_WORD(.flags = FRAME_HIDDEN),
					       FRAME_WORD(.flags = FRAME_HIDDEN)) == GATE_NO_CHANGE,
		 "nor called hidden while the direct map has it");
	ktest_ok(set(table, FRAME_WORD(.nr_used = UINT16_MAX), 0) == GATE_NO_CHANGE &&
			 set(as->root, FRAME_WORD(.nr_used = UINT16_MAX), 0) == GATE_NO_CHANGE &&
			 set(table, FRAME_WORD(.number = UINT32_MAX), 0) == GATE_NO_CHANGE,
		 "nothing is said of a page table");
	ktest_ok(BECOMES(table, .owner = OWNER_FREE) == GATE_NO_CHANGE,
		 "nor is it free while something leads there");
}

/* Two frames that entries name, a free one. The first entry. */
static void hold(pte_t *entry, pfn_t other, pfn_t unused)
{
	pfn_t frame = pte_frame(pte_read(entry));
	struct frame most = *frame_entry(frame);
	struct released released;

	most.refs = UINT32_MAX;
	ktest_ok(asked_with(frame, most, GATE_FRAME_HOLD, frame.pfn, 0) == GATE_NO_CHANGE,
		 "there are no more references than can be counted");
	ktest_ok(asked_of(GATE_FRAME_HOLD, nr_frames, 0, 0, 0) != GATE_DONE &&
			 asked_of(GATE_FRAME_HOLD, unused.pfn, 0, 0, 0) == GATE_NO_CHANGE,
		 "the kernel holds no frame that is no user's");
	ktest_ok(frame_hold(frame) && frame_entry(frame)->refs == 2, "it holds one that is");
	ktest_ok(asked_of(GATE_FRAME_HOLD, other.pfn, 0, 0, 0) == GATE_IN_USE &&
			 asked_of(GATE_FRAME_HOLD, frame.pfn, 0, 0, 0) == GATE_IN_USE,
		 "and no second one, or the same twice");
	ktest_ok(asked(GATE_PAGES_RELEASE, entry, 1, 0, 0) == GATE_DONE &&
			 frame_entry(frame)->owner == OWNER_USER,
		 "it stays a user's without an entry");
	ktest_ok(frame_let_go(&released) && released.nr == 1 &&
			 released.frames[0].pfn == frame.pfn &&
			 frame_entry(frame)->owner == OWNER_FREE,
		 "until the kernel lets go");
	frames_put_released(&released);
	ktest_ok(!frame_let_go(&released), "which it does once");
}

KTEST_SUITE(gate_frames)
{
	enum { PAGE_ONE, PAGE_TWO, PAGE_EMPTY, NR_PAGES };
	struct as *as;
	pte_t *entries;
	pfn_t frame;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	entries = space_make(&as, NR_PAGES, 2);
	if (!entries) {
		ktest_skip("no memory for an address space");
		return;
	}
	ask_for_range();
	ask_kernels(&entries[PAGE_EMPTY]);
	ask_pools(&entries[PAGE_EMPTY]);
	ask_users(as, pte_frame(pte_read(&entries[PAGE_ONE])));
	if (revealed_take(&frame)) {
		ask_revealed(frame, &entries[PAGE_EMPTY]);
		hold(&entries[PAGE_ONE], pte_frame(pte_read(&entries[PAGE_TWO])), frame);
		as->nr_pages--;
		(void)block_hide(frame, 0);
		ask_waiting(frame, &entries[PAGE_EMPTY]);
		ask_clean(frame);
		revealed_give_back(frame);
	}
	as_put(as);
}
