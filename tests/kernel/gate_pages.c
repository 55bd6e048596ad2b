/*
 * With ptprot: what the gate says to arguments that are not those of the address space that is
 * loaded, or made here. A refusal is the operation's result; nothing stops, as nothing is lost.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/frame_alloc.h"

enum { PAGE_ONE, PAGE_TWO, NR_PAGES };
#define RIGHTS (PTE_PRESENT | PTE_USER | PTE_WRITABLE | PTE_NO_EXECUTE)

static enum gate_refusal asked_to_empty(pfn_t root, uint64_t at, uint64_t end)
{
	return (enum gate_refusal)(gate_enter(root.pfn, at, end, 0, UINT64_MAX, GATE_ROOT_EMPTY) &
				   GATE_REFUSAL);
}

/* Its maker may do all; not what nobody may. */
static void ask_as_maker(const pte_t *entries)
{
	pfn_t own = pte_frame(pte_read(&entries[PAGE_ONE]));
	const pte_t *empty = &entries[PAGE_TWO];

	ktest_ok(asked(GATE_PAGE_MAP, empty, pte_make(own, RIGHTS).value, 0, 0) == GATE_NO_FRAME,
		 "a frame that is mapped is not mapped by another entry");
	ktest_ok(asked(GATE_PAGE_MAP, empty, pte_make(kernel_root, RIGHTS).value, 0, 0) ==
			 GATE_NO_FRAME,
		 "nor is a page table");
	ktest_ok(asked(GATE_PAGE_MAP, empty, pte_make(own, RIGHTS & ~PTE_NO_EXECUTE).value, 0, 0) ==
			 GATE_NOT_FOR_IT,
		 "no page is writable and executable");
	ktest_ok(asked(GATE_PAGE_MAP, &entries[PAGE_ONE], pte_make(own, RIGHTS).value, 0, 0) ==
			 GATE_IN_USE,
		 "an entry that has a page gets no other");
	ktest_ok(asked(GATE_ENTRY_SET, &entries[PAGE_ONE], 0, 0, 0) == GATE_NOT_FOR_IT,
		 "a page does not go without being released");
	ktest_ok(asked(GATE_PAGES_WRITE, empty, 0, (uint64_t)&kernel_root, 8) == GATE_IN_USE,
		 "nothing is written where there is no page");
	ktest_ok(asked(GATE_PAGES_PARK, &entries[PAGE_ONE], PTES_PER_TABLE, 0, 0) != GATE_DONE,
		 "no run leaves its table");
}

/* What takes an address space apart goes by addresses, from its root. */
static void ask_for_the_end(const struct as *as)
{
	pfn_t shadow = pfn_add(as->root, 1), none = { nr_frames };

	ktest_ok(asked_to_empty(as->root, USER_TOP, USER_TOP + PAGE_SIZE) == GATE_NO_TABLE,
		 "nothing goes from the kernel half");
	ktest_ok(asked_to_empty(as->root, TEST_START, TEST_START) == GATE_NO_TABLE,
		 "nor from an empty range");
	ktest_ok(asked_to_empty(shadow, TEST_START, USER_TOP) == GATE_NO_TABLE &&
			 asked_to_empty(none, TEST_START, USER_TOP) == GATE_NO_TABLE,
		 "nor below what is no kernel root");
	ktest_ok(asked_to_empty(kernel_root, TEST_START, USER_TOP) != GATE_DONE,
		 "nor below the kernel's own");
}

/* Published, and not loaded here. */
static void ask_as_stranger(const struct as *as, const pte_t *entries)
{
	ktest_ok(asked(GATE_PAGE_MAP, &entries[PAGE_TWO], 0, 0, 0) == GATE_NOT_OURS,
		 "another address space gets no page");
	ktest_ok(asked(GATE_PAGES_PARK, entries, 1, 0, 0) == GATE_NOT_OURS, "nor loses one");
	ktest_ok(asked(GATE_PAGES_RELEASE, entries, 1, 0, 0) == GATE_NOT_OURS,
		 "nor is one released that is there");
	ktest_ok(asked_to_empty(as->root, TEST_START, TEST_START + PAGE_SIZE) == GATE_NOT_OURS,
		 "nor taken apart");
	ktest_ok(asked(GATE_PAGES_WRITE, entries, 0, (uint64_t)&kernel_root, 8) == GATE_NOT_OURS,
		 "nor written");
	ktest_ok(!root_publish(as->root), "it is not published twice");
	ktest_ok(!root_rest(as->root), "nor rests while it has pages");
	ktest_ok(!root_take(as->root), "nor is taken for a new one");
}

KTEST_SUITE(gate_pages)
{
	struct as *as;
	pte_t *entries;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	entries = space_make(&as, NR_PAGES, 1);
	if (!entries) {
		ktest_skip("no memory for an address space");
		return;
	}
	ask_as_maker(entries);
	ask_for_the_end(as);
	ktest_ok(root_publish(as->root), "who makes an address space publishes it");
	ask_as_stranger(as, entries);
	as_put(as);
}
