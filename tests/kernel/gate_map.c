/*
 * With ptprot: PAGE_MAP, asked with a frame that is free, and by the address space that is loaded.
 * All but one thing is as with most page faults, so that the quick way has that to refuse.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/frame_alloc.h"
#include "task/process/process.h"

enum { PAGE_ONE, PAGE_EMPTY, PAGE_READ_ONLY, NR_PAGES };
#define RIGHTS (PTE_PRESENT | PTE_USER | PTE_WRITABLE | PTE_NO_EXECUTE)

static enum gate_refusal map(uint64_t entry, uint64_t value)
{
	return asked_of(GATE_PAGE_MAP, entry, value, 0, 0);
}

static struct frame table_of(uint64_t entry)
{
	return *frame_entry(pointer_to_pfn((const void *)entry));
}

/* An entry of the table above that leads nowhere. */
static uint64_t empty_link(const struct as *as)
{
	const pte_t *link = ptable_entry(as->root, TEST_START, 2);

	while (pte_read(link).value) {
		link++;
	}
	return (uint64_t)link;
}

static void ask_for_entries(const struct as *as, const pte_t *entries, uint64_t value)
{
	uint64_t empty = (uint64_t)&entries[PAGE_EMPTY];
	struct frame dying = *frame_entry(as->root);

	dying.flags |= ROOT_DYING;
	ktest_ok(map((uint64_t)&entries[PAGE_ONE], value) == GATE_IN_USE,
		 "an entry that has a page gets no other");
	ktest_ok(map(empty_link(as), value) == GATE_NOT_FOR_IT, "nor is a page where tables are");
	ktest_ok(asked_with(as->root, dying, GATE_PAGE_MAP, empty, value) == GATE_NOT_OURS,
		 "nor does an address space get one that is dying");
	ktest_ok(map(empty + 1, value) == GATE_NO_TABLE && map(empty + 4, value) == GATE_NO_TABLE,
		 "nor does what lies between two entries");
	ktest_ok(map(empty + ((uint64_t)nr_frames << PAGE_SHIFT), value) == GATE_NO_TABLE &&
			 map(empty + (1ul << (PAGE_SHIFT + 32)), value) == GATE_NO_TABLE &&
			 map(empty - direct_map_base, value) == GATE_NO_TABLE,
		 "nor what lies behind all tables");
	ktest_ok(!pte_read(&entries[PAGE_EMPTY]).value, "nothing was written");
}

static void ask_for_values(const pte_t *entries, pfn_t frame)
{
	uint64_t empty = (uint64_t)&entries[PAGE_EMPTY], value = pte_make(frame, RIGHTS).value;

	ktest_ok(!ptable_nx() || map(empty, value & ~PTE_NO_EXECUTE) == GATE_NOT_FOR_IT,
		 "no page is writable and executable");
	ktest_ok(map(empty, value & ~(uint64_t)PTE_USER) == GATE_NOT_FOR_IT &&
			 map(empty, value & ~(uint64_t)PTE_PRESENT) == GATE_NOT_FOR_IT &&
			 map(empty, value | PTE_GLOBAL) == GATE_NOT_FOR_IT &&
			 map(empty, value | PTE_HUGE) == GATE_NOT_FOR_IT &&
			 map(empty, value | PTE_OFFERED) == GATE_NOT_FOR_IT &&
			 map(empty, value | PTE_KEY) == GATE_NOT_FOR_IT &&
			 map(empty, value | 1ul << (PAGE_SHIFT + 32)) == GATE_NOT_FOR_IT,
		 "nor has bits that no page has");
	ktest_ok(map(empty, pte_make((pfn_t){ nr_frames }, RIGHTS).value) == GATE_NO_FRAME &&
			 map(empty, pte_make(PFN_NONE, RIGHTS).value) == GATE_NO_FRAME,
		 "nor shows what is no frame");
	ktest_ok(map(empty, pte_make(kernel_root, RIGHTS).value) == GATE_NO_FRAME &&
			 map(empty, pte_read(&entries[PAGE_ONE]).value) == GATE_NO_FRAME,
		 "nor one that is not free");
	ktest_ok(!pte_read(&entries[PAGE_EMPTY]).value, "nothing was written");
}

/* Published, and not loaded here. */
static void ask_for_another(uint64_t value)
{
	struct as *other;
	const pte_t *theirs = space_make(&other, NR_PAGES, 1);

	if (!theirs) {
		ktest_skip("no memory for an address space");
		return;
	}
	ktest_ok(root_publish(other->root) &&
			 map((uint64_t)&theirs[PAGE_EMPTY], value) == GATE_NOT_OURS,
		 "another address space gets no page");
	as_put(other);
}

static void map_it(struct as *as, const pte_t *entries, pfn_t frame)
{
	uint64_t empty = (uint64_t)&entries[PAGE_EMPTY], value = pte_make(frame, RIGHTS).value;
	uint64_t second = (uint64_t)&entries[PAGE_READ_ONLY];
	unsigned nr_before = table_of(empty).nr_used;
	const struct frame *state = frame_entry(frame);

	ktest_ok(map(empty, value) == GATE_DONE && pte_read(&entries[PAGE_EMPTY]).value == value,
		 "a free frame is mapped");
	ktest_ok(state->owner == OWNER_USER && state->refs == 1 &&
			 table_of(empty).nr_used == nr_before + 1,
		 "it is a user's, and its table has an entry more");
	ktest_ok(map(second, value) == GATE_NO_FRAME, "it gets no second entry");
	ktest_ok(!frame_entry(pfn_add(as->root, 1))->nr_used, "the root's lock is free");
	as->nr_pages++;
}

static void map_read_only(struct as *as, const pte_t *entries)
{
	pfn_t frame = frame_take_user();
	uint64_t value = pte_make(frame, RIGHTS & ~(uint64_t)PTE_WRITABLE).value;

	ktest_ok(frame.pfn && map((uint64_t)&entries[PAGE_READ_ONLY], value) == GATE_DONE,
		 "one that is not written to is mapped, too");
	as->nr_pages += frame.pfn != 0;
}

KTEST_SUITE(gate_map)
{
	struct as *as = process_current()->as;
	const pte_t *entries;
	pfn_t frame;
	uva_t at;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	if (as_map(as, AS_MAP_FIXED, TEST_START, NR_PAGES * PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0,
		   &at) ||
	    as_fault(as, at, RIGHT_WRITE)) {
		ktest_skip("no memory for a user page");
		return;
	}
	entries = ptable_entry(as->root, TEST_START, 1);
	frame = frame_take_user();
	if (frame.pfn) {
		ask_for_entries(as, entries, pte_make(frame, RIGHTS).value);
		ask_for_values(entries, frame);
		ask_for_another(pte_make(frame, RIGHTS).value);
		map_it(as, entries, frame);
		map_read_only(as, entries);
	}
	(void)!as_unmap(as, at, NR_PAGES * PAGE_SIZE);
}
