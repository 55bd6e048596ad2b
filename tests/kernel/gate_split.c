/*
 * With ptprot and directmap=2m: a page of the direct map becomes the table that was reserved for
 * it, and a page again. What such a table says is asked when it is written, as processors that
 * walked it may do so still, and when it is linked, as frames may be others' by then.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"

#define RIGHTS (PTE_PRESENT | PTE_WRITABLE)
enum { FRAMES_PER_PAGE = 1 << HUGE_ORDER, SOME_ENTRY = 7 };

static enum gate_refusal set(const pte_t *entry, uint64_t value)
{
	return asked(GATE_ENTRY_SET, entry, value, 0, 0);
}

static pte_t *entry_of(pfn_t frame)
{
	return ptable_entry(kernel_root, direct_map_address(frame), 2);
}

/* The first frame of a page that is whole, from this one on. */
static bool whole_find(uint32_t from, pfn_t *out)
{
	for (out->pfn = from; out->pfn + FRAMES_PER_PAGE <= nr_frames;
	     out->pfn += FRAMES_PER_PAGE) {
		const pte_t *entry = entry_of(*out);

		if (entry && pte_is_present(pte_read(entry)) && pte_is_leaf(pte_read(entry), 2)) {
			return true;
		}
	}
	return false;
}

/* Nothing leads to the table, and yet it does not say that. */
static bool is_wrong_in(pfn_t table, uint64_t value)
{
	const pte_t *at = (const pte_t *)direct_map_pointer(table) + SOME_ENTRY;
	uint64_t before = pte_read(at).value;

	return set(at, value) == GATE_NOT_FOR_IT && pte_read(at).value == before &&
	       set(at, before) == GATE_DONE;
}

static void split(pfn_t first, pfn_t table)
{
	const pte_t *entry = entry_of(first);
	pfn_t frame = pfn_add(first, SOME_ENTRY);
	const pte_t *at = (const pte_t *)direct_map_pointer(table) + SOME_ENTRY;
	uint64_t right = direct_map_pte(frame).value, before = pte_read(at).value;
	bool is_shown;
	struct frame hidden = { .owner = OWNER_USER, .flags = FRAME_HIDDEN, .refs = 1 };

	ktest_ok(set(entry, pte_make(table, RIGHTS | PTE_USER).value) == GATE_NOT_FOR_IT &&
			 set(entry, pte_make(table, PTE_PRESENT).value) == GATE_NOT_FOR_IT,
		 "the link to a reserved table lets all through, and no user");
	ktest_ok(set(entry, pte_make(pfn_add(table, 1), RIGHTS).value) == GATE_NOT_FOR_IT &&
			 set(entry, pte_make(kernel_root, RIGHTS).value) == GATE_NOT_FOR_IT,
		 "and to no other");
	ktest_ok(is_wrong_in(table, direct_map_pte(pfn_add(frame, 1)).value),
		 "a table that nothing leads to does not show another frame");
	ktest_ok(is_wrong_in(table, right | PTE_USER) && is_wrong_in(table, right | PTE_GLOBAL) &&
			 is_wrong_in(table, right & ~PTE_NO_EXECUTE),
		 "nor one to users, nor to all, nor code");
	ktest_ok(is_wrong_in(table, right & ~PTE_PRESENT), "nor says what is no entry");
	is_shown = set(at, right) == GATE_DONE;
	ktest_ok(is_shown && asked_with(frame, hidden, GATE_ENTRY_SET, (uint64_t)entry,
					pte_make(table, RIGHTS).value) == GATE_NOT_FOR_IT,
		 "it is not linked when it shows what became a user's");
	(void)set(at, before);
}

/* A user's frame lies there: the page stays split. */
static void join(pfn_t frame)
{
	pfn_t first = { frame.pfn & ~(FRAMES_PER_PAGE - 1u) };
	const pte_t *entry = entry_of(first);
	uint64_t whole = pte_make(first, RIGHTS | PTE_HUGE | ptable_nx()).value;

	ktest_ok(!pte_is_leaf(pte_read(entry), 2) && set(entry, whole) == GATE_NOT_FOR_IT,
		 "no page is whole again in which a frame is hidden");
	ktest_ok(set(entry, whole + HUGE_SIZE) == GATE_NOT_FOR_IT, "or in another's place");
}

KTEST_SUITE(gate_split)
{
	struct as *as;
	pte_t *leaf;
	pfn_t first;

	if (gate_in_force == ptprot_off || options.directmap != directmap_2m) {
		ktest_skip("there is no gate, or no page of 2 MiB in the direct map");
		return;
	}
	leaf = space_make(&as, 1, 1);
	if (!leaf) {
		ktest_skip("no memory for an address space");
		return;
	}
	if (!direct_map_has(pte_frame(pte_read(leaf)))) {
		join(pte_frame(pte_read(leaf)));
	}
	if (whole_find(0, &first)) {
		split(first, direct_split_table(first));
	}
	as_put(as);
}
