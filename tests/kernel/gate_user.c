/*
 * With ptprot: entries of user halves. What the loaded address space may do to its own, and to two
 * that it makes; and what it may not, though it is its own.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/frame_alloc.h"
#include "task/process/process.h"

enum { PAGE_ONE, PAGE_TWO, PAGE_EMPTY, NR_PAGES };
#define RIGHTS (PTE_PRESENT | PTE_USER | PTE_WRITABLE | PTE_NO_EXECUTE)
#define LARGE_AT (8 * HUGE_SIZE)

static enum gate_refusal set(const pte_t *entry, uint64_t value)
{
	return asked(GATE_ENTRY_SET, entry, value, 0, 0);
}

static enum gate_refusal pages(enum gate_operation operation, const pte_t *first, uint64_t nr)
{
	return asked(operation, first, nr, 0, 0);
}

static enum gate_refusal shared(const pte_t *from, const pte_t *to, uint64_t nr)
{
	return asked(GATE_ENTRIES_SHARE, from, (uint64_t)to, nr, true);
}

static enum gate_refusal two(enum gate_operation operation, const pte_t *from, const pte_t *to)
{
	return asked(operation, from, (uint64_t)to, 1, true);
}

static const pte_t *last_of(const pte_t *entry)
{
	return (const pte_t *)(align_down((uint64_t)entry, PAGE_SIZE) + PAGE_SIZE) - 1;
}

/* The root of `as` is in this state meanwhile, and `number` says whose. */
static enum gate_refusal two_with(const struct as *as, unsigned state, pfn_t number,
				  enum gate_operation operation, const pte_t *from, const pte_t *to)
{
	struct frame *word = frame_entry(as->root), before = *word;
	enum gate_refusal refusal;

	FORCE(word->flags = (uint8_t)((word->flags & ~ROOT_STATES) | state));
	FORCE(word->number = number.pfn);
	refusal = two(operation, from, to);
	FORCE(*word = before);
	return refusal;
}

/* --- one entry --- */

static void set_leaf(const pte_t *entries)
{
	uint64_t own = pte_read(&entries[PAGE_ONE]).value;

	ktest_ok(set(entries, pte_read(&entries[PAGE_TWO]).value) == GATE_NOT_FOR_IT,
		 "an entry keeps its frame");
	ktest_ok(set(entries, own & ~PTE_NO_EXECUTE) == GATE_NOT_FOR_IT &&
			 set(entries, own | PTE_GLOBAL) == GATE_NOT_FOR_IT &&
			 set(entries, own & ~PTE_USER) == GATE_NOT_FOR_IT &&
			 set(entries, own | PTE_COPY) == GATE_NOT_FOR_IT,
		 "and gets rights that a page may have");
	ktest_ok(set(entries, own & ~PTE_PRESENT) == GATE_NOT_FOR_IT, "it does not go");
	ktest_ok(set(&entries[PAGE_EMPTY], own) == GATE_NOT_FOR_IT, "nor comes");
	ktest_ok(asked(GATE_PAGE_MAP, entries, pte_read(&entries[PAGE_TWO]).value, 0, 0) ==
			 GATE_IN_USE,
		 "an entry that has a page gets no other");
}

static void run(const pte_t *entries)
{
	const pte_t *last = last_of(entries), *empty = &entries[PAGE_EMPTY];

	ktest_ok(pages(GATE_PAGES_PARK, entries, RELEASED_MAX + 1) == GATE_NOT_OURS &&
			 pages(GATE_PAGES_RELEASE, entries, RELEASED_MAX + 1) == GATE_NOT_OURS,
		 "no run is longer than its answer");
	ktest_ok(pages(GATE_PAGES_PARK, last, 2) == GATE_NOT_OURS &&
			 pages(GATE_PAGES_RELEASE, last, 2) == GATE_NOT_OURS &&
			 asked(GATE_PAGES_MOVE, last, (uint64_t)empty, 2, true) == GATE_NO_TABLE &&
			 asked(GATE_PAGES_MOVE, empty, (uint64_t)last, 2, true) == GATE_NO_TABLE,
		 "or leaves its table");
}

/* An address space that is made here: bytes for its program. */
static void write(const pte_t *entries)
{
	const char *bytes = (const char *)frames;

	ktest_ok(asked(GATE_PAGES_WRITE, entries, 0, (uint64_t)bytes, 2 * PAGE_SIZE + 1) ==
			 GATE_IN_USE,
		 "nothing is written behind the last page");
	ktest_ok(asked(GATE_PAGES_WRITE, entries, 0, (uint64_t)bytes,
		       (RELEASED_MAX + 1) * PAGE_SIZE) == GATE_NO_TABLE &&
			 asked(GATE_PAGES_WRITE, last_of(entries), 1, (uint64_t)bytes, PAGE_SIZE) ==
				 GATE_NO_TABLE,
		 "nor in more pages than are shown, or another table's");
}

/* --- the loaded address space --- */

static void consent(pte_t *entries)
{
	uint64_t before = pte_read(entries).value;

	ktest_ok(asked(GATE_PAGE_CONSENT, entries, PTE_PARKED, 0, 0) == GATE_NO_TABLE &&
			 asked(GATE_PAGE_CONSENT, entries, PTE_OFFERED | PTE_ACCEPTS, 0, 0) ==
				 GATE_NO_TABLE,
		 "consent has two marks");
	ktest_ok(asked(GATE_PAGE_CONSENT, &entries[PAGE_EMPTY], PTE_ACCEPTS, 0, 0) ==
			 GATE_NOT_FOR_IT,
		 "where no page is none is accepted");
	ktest_ok(set(entries, before & ~PTE_WRITABLE) == GATE_DONE &&
			 asked(GATE_PAGE_CONSENT, entries, PTE_OFFERED, 0, 0) == GATE_NOT_FOR_IT,
		 "one that may not be written is not offered");
	ktest_ok(set(entries, before) == GATE_DONE &&
			 pages(GATE_PAGES_PARK, entries, 1) == GATE_DONE &&
			 asked(GATE_PAGE_CONSENT, entries, PTE_OFFERED, 0, 0) == GATE_NOT_FOR_IT,
		 "nor one that is parked");
	ktest_ok(set(entries, before) == GATE_DONE, "it is as it was");
	FORCE(*(volatile uint64_t *)&entries->value = before | PTE_SHARED);
	ktest_ok(asked(GATE_PAGE_CONSENT, entries, PTE_OFFERED, 0, 0) == GATE_NOT_FOR_IT,
		 "nor is one of shared memory offered");
	FORCE(*(volatile uint64_t *)&entries->value = before);
}

/* A copy in another frame: what takes the place of a page. */
static void replace(const pte_t *entries)
{
	uint64_t own = pte_read(entries).value, other = pte_read(&entries[PAGE_TWO]).value;

	ktest_ok(asked(GATE_PAGE_REPLACE, entries, other, 0, 0) == GATE_IN_USE,
		 "a page is not replaced while it is present");
	ktest_ok(asked(GATE_PAGE_REPLACE, &entries[PAGE_EMPTY], other, 0, 0) == GATE_IN_USE,
		 "nor is nothing");
	ktest_ok(asked(GATE_PAGE_REPLACE, entries, other & ~PTE_NO_EXECUTE, 0, 0) ==
			 GATE_NOT_FOR_IT,
		 "nor by one that is writable and runs");
	ktest_ok(pages(GATE_PAGES_PARK, entries, 1) == GATE_DONE &&
			 stack_settle() & SWITCH_FLUSHED &&
			 asked(GATE_PAGE_REPLACE, entries, other, 0, 0) == GATE_NO_FRAME,
		 "nor by one that has an entry");
	ktest_ok(set(entries, own) == GATE_DONE, "it is present again");
}

static void as_loaded(struct as *as)
{
	struct released released = { 0 };
	pte_t *entries;
	uva_t at;

	if (as_map(as, AS_MAP_FIXED, TEST_START, NR_PAGES * PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0,
		   &at) ||
	    as_fault(as, at, RIGHT_WRITE) ||
	    as_fault(as, (uva_t){ at.uva + PAGE_SIZE }, RIGHT_WRITE)) {
		ktest_skip("no memory for user pages");
		return;
	}
	entries = ptable_entry(as->root, TEST_START, 1);
	ktest_ok(pages(GATE_PAGES_RELEASE, entries, 1) == GATE_NOT_OURS,
		 "what is present is not released, whosever it is");
	ktest_ok(asked_of(GATE_ROOT_EMPTY, as->root.pfn, TEST_START, TEST_START + PAGE_SIZE, 0) ==
			 GATE_NOT_OURS,
		 "nor is what is loaded taken apart");
	ktest_ok(asked(GATE_PAGES_WRITE, entries, 0, (uint64_t)frames, 8) == GATE_NOT_OURS,
		 "nor written as a new one's");
	consent(entries);
	replace(entries);
	(void)pages_park(entries, 1, at.uva);
	as_tlb_downgrade(&as->tlb, at, (uva_t){ at.uva + PAGE_SIZE });
	as->nr_pages -= pages_release(entries, 1, false, &released);
	ktest_ok(released.nr == 1 && !pte_read(entries).value, "what is parked is released");
	frames_put_released(&released);
	(void)!as_unmap(as, at, NR_PAGES * PAGE_SIZE);
}

/* --- two that are made here --- */

static void give(const struct as *taker, const pte_t *mine, const pte_t *theirs)
{
	const pte_t *empty = &theirs[PAGE_EMPTY];
	const pte_t *link = ptable_entry(taker->root, TEST_START, 2);
	uint64_t before = pte_read(mine).value;

	ktest_ok(two(GATE_PAGE_GIVE, &mine[PAGE_EMPTY], empty) == GATE_IN_USE, "nothing is given");
	ktest_ok(set(mine, before & ~PTE_WRITABLE) == GATE_DONE &&
			 pages(GATE_PAGES_PARK, mine, 1) == GATE_DONE &&
			 two(GATE_PAGE_GIVE, mine, empty) == GATE_NOT_FOR_IT,
		 "nor what may not be written");
	ktest_ok(set(mine, before) == GATE_DONE && pages(GATE_PAGES_PARK, mine, 1) == GATE_DONE &&
			 two(GATE_PAGE_GIVE, mine, mine) == GATE_IN_USE,
		 "nor to where it is");
	ktest_ok(two(GATE_PAGE_GIVE, mine, link + 1) == GATE_NO_TABLE &&
			 two(GATE_PAGE_GIVE, link, empty) == GATE_NO_TABLE,
		 "nor to where tables are, or a table");
	ktest_ok(two_with(taker, ROOT_DYING, taker->root, GATE_PAGE_GIVE, mine, empty) ==
			 GATE_NOT_OURS,
		 "nor to who is dying");
	ktest_ok(two_with(taker, 0, taker->root, GATE_PAGES_MOVE, &theirs[PAGE_ONE], empty) ==
			 GATE_NOT_OURS,
		 "nor does a page of another's move");
	ktest_ok(set(mine, before) == GATE_DONE, "it is present again");
}

/* Taker and giver are new, and made here. */
static void share(const struct as *giver, const struct as *taker, const pte_t *mine,
		  const pte_t *theirs)
{
	const pte_t *empty = &theirs[PAGE_EMPTY];
	const pte_t *link = ptable_entry(giver->root, TEST_START, 2);
	const pte_t *above = ptable_entry(taker->root, TEST_START, 2) + 1;
	const pte_t *third = ptable_entry(giver->root, TEST_START, 3);
	const pte_t *last = ptable_entry(taker->root, TEST_START, 3) + 1;

	ktest_ok(shared(link, above, 1) == GATE_NO_FRAME, "a page table is not shared");
	ktest_ok(shared(third, last, 1) == GATE_NOT_OURS, "nor is what lies above two levels");
	ktest_ok(shared(mine, above, 1) == GATE_NOT_OURS, "nor is a page another level's");
	ktest_ok(shared(last_of(mine), empty, 2) == GATE_NOT_OURS &&
			 shared(mine, last_of(theirs), 2) == GATE_NOT_OURS &&
			 shared(mine, theirs, PTES_PER_TABLE + 1) == GATE_NOT_OURS,
		 "no run leaves its table");
	ktest_ok(two(GATE_ENTRIES_SHARE, mine, &mine[PAGE_EMPTY]) == GATE_NOT_OURS,
		 "nor is one shared with itself");
	ktest_ok(two_with(taker, 0, process_current()->as->root, GATE_ENTRIES_SHARE, mine, empty) ==
			 GATE_NOT_OURS,
		 "nor with an address space that is published");
	ktest_ok(two_with(taker, ROOT_NEW, kernel_root, GATE_ENTRIES_SHARE, mine, empty) ==
			 GATE_NOT_OURS,
		 "nor with one that another makes");
	ktest_ok(
		two_with(giver, 0, giver->root, GATE_ENTRIES_SHARE, mine, empty) == GATE_NOT_OURS &&
			two_with(giver, ROOT_DYING, giver->root, GATE_ENTRIES_SHARE, mine, empty) ==
				GATE_NOT_OURS,
		"nor is one of an address space that is not loaded");
}

/* A page of 2 MiB, of the giver's. */
static void clone_large(struct as *giver, const struct as *taker)
{
	const pte_t *large, *above = ptable_entry(taker->root, TEST_START, 2) + 1;
	pfn_t frame;
	uva_t at;

	if (as_map(giver, AS_MAP_FIXED, LARGE_AT, HUGE_SIZE, RIGHT_READ | RIGHT_WRITE, REGION_HUGE,
		   &at) ||
	    as_fault(giver, at, RIGHT_WRITE)) {
		ktest_skip("no memory for a page of 2 MiB");
		return;
	}
	large = ptable_entry(giver->root, LARGE_AT, 2);
	frame = pte_frame(pte_read(large));
	ktest_ok(asked(GATE_PAGE_CLONE, large, (uint64_t)above, frame.pfn, 0) == GATE_NOT_OURS,
		 "a page of 2 MiB is not copied into a frame");
	ktest_ok(asked(GATE_PAGE_REPLACE, large, RIGHTS | PTE_HUGE, 0, 0) == GATE_NOT_OURS &&
			 asked(GATE_PAGES_WRITE, large, 0, (uint64_t)frames, 8) == GATE_NOT_OURS &&
			 asked(GATE_PAGES_MOVE, large, (uint64_t)(large + 1), 1, true) ==
				 GATE_NO_TABLE,
		 "nor replaced, written or moved as one of 4 KiB");
}

/* A page that two entries name is not written as a new program's. Shares it. */
static void write_shared(const pte_t *mine, const pte_t *theirs)
{
	ktest_ok(shared(mine, &theirs[PAGE_EMPTY], 1) == GATE_DONE &&
			 asked(GATE_PAGES_WRITE, mine, 0, (uint64_t)frames, 8) == GATE_IN_USE,
		 "what is shared is not written");
}

/* With a table's last page the table goes, and not before. */
static void empty(struct as *as, const pte_t *entries)
{
	const pte_t *link = ptable_entry(as->root, TEST_START, 2);
	uint64_t before = pte_read(&entries[PAGE_TWO]).value;
	struct emptied out;

	root_empty(as->root, TEST_START, TEST_START + PAGE_SIZE, UINT64_MAX, &out);
	ktest_ok(out.nr_pages == 1 && !out.nr_tables && pte_is_present(pte_read(link)) &&
			 pte_read(&entries[PAGE_TWO]).value == before,
		 "a table stays while it has a page");
	frames_put_released(&out.released);
	as->nr_pages--;
}

KTEST_SUITE(gate_user)
{
	struct as *giver, *taker;
	pte_t *mine, *theirs;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	as_loaded(process_current()->as);
	mine = space_make(&giver, NR_PAGES, 2);
	theirs = mine ? space_make(&taker, NR_PAGES, 2) : NULL;
	if (!theirs) {
		ktest_skip("no memory for two address spaces");
		return;
	}
	set_leaf(mine);
	run(mine);
	write(mine);
	give(taker, mine, theirs);
	share(giver, taker, mine, theirs);
	clone_large(giver, taker);
	write_shared(mine, theirs);
	taker->nr_pages++;
	empty(taker, theirs);
	ktest_ok(root_publish(taker->root) && set(&theirs[PAGE_TWO], 0) == GATE_NOT_OURS,
		 "nobody else changes what is published");
	as_put(giver);
	as_put(taker);
}
