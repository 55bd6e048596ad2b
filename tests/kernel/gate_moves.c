/*
 * With ptprot: pages that go from one place to another, and from one address space to another. Both
 * are made here until they are published; a page of another's moves only if its entry says that it
 * may.
 */
#include "force.h"
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/frame_alloc.h"

enum { PAGE_ONE, PAGE_TWO, PAGE_EMPTY, NR_PAGES };

static enum gate_refusal give(const pte_t *from, const pte_t *to)
{
	return asked(GATE_PAGE_GIVE, from, (uint64_t)to, 0, 0);
}

static bool marked(const pte_t *entry, uint64_t mark)
{
	return asked(GATE_PAGE_CONSENT, entry, mark, 0, 0) == GATE_DONE;
}

/* As if its owner had consented, who is not loaded here. */
static void mark(pte_t *entry, uint64_t how)
{
	FORCE(*(volatile uint64_t *)&entry->value = entry->value | how);
}

static bool parked(const pte_t *entry)
{
	return asked(GATE_PAGES_PARK, entry, 1, 0, 0) == GATE_DONE;
}

/* Both address spaces are ours. */
static void as_maker(const pte_t *mine, const pte_t *theirs)
{
	const pte_t *empty = &mine[PAGE_EMPTY];

	ktest_ok(asked(GATE_PAGES_MOVE, mine, (uint64_t)empty, 1, true) == GATE_IN_USE,
		 "a page does not move while it is present");
	ktest_ok(give(mine, &theirs[PAGE_EMPTY]) == GATE_IN_USE, "nor goes elsewhere");
	ktest_ok(parked(mine), "it is parked");
	ktest_ok(asked(GATE_PAGES_MOVE, mine, (uint64_t)&mine[PAGE_TWO], 1, true) == GATE_IN_USE,
		 "it does not move over another");
	ktest_ok(asked(GATE_PAGES_MOVE, mine, (uint64_t)&theirs[PAGE_EMPTY], 1, true) ==
			 GATE_NOT_OURS,
		 "nor out of its address space");
	ktest_ok(asked(GATE_PAGES_MOVE, mine, (uint64_t)&mine[PAGE_TWO], 2, true) == GATE_NO_TABLE,
		 "nor in steps that meet");
	ktest_ok(asked(GATE_PAGES_MOVE, mine, (uint64_t)empty, PTES_PER_TABLE, true) ==
			 GATE_NO_TABLE,
		 "no run leaves its table");
	ktest_ok(asked(GATE_PAGES_MOVE, mine, (uint64_t)empty, 1, true) == GATE_DONE &&
			 pte_is_present(pte_read(empty)) && !pte_read(mine).value,
		 "it moves where nothing is");
	ktest_ok(parked(empty) && give(empty, &theirs[PAGE_TWO]) == GATE_IN_USE,
		 "a page is given for none that is present");
	ktest_ok(asked(GATE_PAGES_MOVE, empty, (uint64_t)mine, 1, true) == GATE_DONE, "and back");
}

/* What a fork copies at once. */
static void as_cloner(const pte_t *mine, const pte_t *theirs)
{
	uint64_t own = pte_frame(pte_read(mine)).pfn;

	ktest_ok(asked(GATE_PAGE_CLONE, mine, (uint64_t)theirs, own, 0) == GATE_IN_USE,
		 "no copy of a page comes where one is");
	ktest_ok(asked(GATE_PAGE_CLONE, mine, (uint64_t)&theirs[PAGE_EMPTY], own, 0) ==
			 GATE_NO_FRAME,
		 "nor into a frame that is mapped");
	ktest_ok(asked(GATE_PAGE_CLONE, &mine[PAGE_EMPTY], (uint64_t)&theirs[PAGE_EMPTY], own, 0) ==
			 GATE_NOT_FOR_IT,
		 "nor is there one of no page");
	ktest_ok(asked(GATE_PAGE_CLONE, mine, (uint64_t)&mine[PAGE_EMPTY], own, 0) == GATE_NOT_OURS,
		 "nor in the same address space");
}

/* What two entries name stays so until one is left. */
static void as_sharer(const pte_t *mine, const pte_t *theirs)
{
	const pte_t *empty = &theirs[PAGE_EMPTY];
	pte_t before = pte_read(&mine[PAGE_TWO]);

	ktest_ok(asked(GATE_ENTRIES_SHARE, &mine[PAGE_TWO], (uint64_t)empty, 1, true) == GATE_DONE,
		 "a page is shared");
	ktest_ok(asked(GATE_ENTRY_SET, empty, before.value, 0, 0) == GATE_NOT_FOR_IT,
		 "and not written by one of two without a copy");
	ktest_ok(parked(&mine[PAGE_TWO]) && give(&mine[PAGE_TWO], theirs) == GATE_IN_USE &&
			 parked(theirs) && give(&mine[PAGE_TWO], theirs) == GATE_NOT_FOR_IT,
		 "nor given away");
	ktest_ok(asked(GATE_PAGES_RELEASE, empty, 1, 0, 0) == GATE_DONE &&
			 asked(GATE_ENTRY_SET, &mine[PAGE_TWO], before.value, 0, 0) == GATE_DONE,
		 "who is left may write to it again");
}

/* The same of shared memory, which both may write to. Theirs is parked. */
static void as_partner(const pte_t *mine, const pte_t *theirs)
{
	const pte_t *empty = &theirs[PAGE_EMPTY];
	pte_t before = pte_read(&mine[PAGE_TWO]);

	ktest_ok(asked(GATE_ENTRIES_SHARE, &mine[PAGE_TWO], (uint64_t)empty, 1, false) ==
				 GATE_DONE &&
			 pte_is_writable(pte_read(empty)),
		 "a page is shared, for both to write to");
	ktest_ok(asked(GATE_ENTRY_SET, &mine[PAGE_TWO], before.value, 0, 0) == GATE_NOT_FOR_IT,
		 "while there are two their entries say so");
	ktest_ok(parked(&mine[PAGE_TWO]) && give(&mine[PAGE_TWO], theirs) == GATE_NOT_FOR_IT,
		 "it is not given away");
	ktest_ok(asked(GATE_PAGES_RELEASE, empty, 1, 0, 0) == GATE_DONE &&
			 asked(GATE_ENTRY_SET, &mine[PAGE_TWO], before.value, 0, 0) == GATE_DONE,
		 "who is left is alone with it again");
}

/* Both are published, and neither is loaded here. The first page of each is marked. */
static void as_stranger(pte_t *mine, pte_t *theirs)
{
	struct released released;

	ktest_ok(asked(GATE_PAGES_PARK, &mine[PAGE_TWO], 1, 0, 0) == GATE_NOT_OURS,
		 "nobody parks a page that is not offered");
	ktest_ok(asked(GATE_PAGES_PARK, mine, 2, 0, 0) == GATE_NOT_OURS, "nor one beside it");
	ktest_ok(asked(GATE_PAGE_CLONE, mine, (uint64_t)&theirs[PAGE_EMPTY], 0, 0) == GATE_NOT_OURS,
		 "nor copies one");
	ktest_ok(asked(GATE_PAGE_CONSENT, &mine[PAGE_TWO], PTE_OFFERED, 0, 0) == GATE_NOT_OURS,
		 "nor offers one");
	ktest_ok(parked(mine) && parked(theirs), "one that is offered, or accepts, anybody parks");
	ktest_ok(give(mine, &theirs[PAGE_EMPTY]) == GATE_NOT_OURS,
		 "it goes to no place that accepts none");
	ktest_ok(give(theirs, mine) == GATE_NOT_OURS, "nor does one go that is not offered");
	ktest_ok(asked(GATE_PAGES_RELEASE, mine, 1, 0, 0) == GATE_NOT_OURS, "nor is it released");
	ktest_ok(page_give(mine, theirs, &released) && !pte_read(mine).value &&
			 !(pte_read(theirs).value & (PTE_OFFERED | PTE_ACCEPTS)),
		 "an offered page goes where one is accepted, once");
	ktest_ok(released.nr == 1, "and what was there is free");
	frames_put_released(&released);
	ktest_ok(give(theirs, mine) == GATE_NOT_OURS, "it does not go back");
}

KTEST_SUITE(gate_moves)
{
	struct as *giver, *taker;
	pte_t *mine, *theirs;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	mine = space_make(&giver, NR_PAGES, 2);
	theirs = mine ? space_make(&taker, NR_PAGES, 2) : NULL;
	if (!theirs) {
		ktest_skip("no memory for two address spaces");
		return;
	}
	as_maker(mine, theirs);
	as_cloner(mine, theirs);
	as_sharer(mine, theirs);
	as_partner(mine, theirs);
	pte_store(theirs, pte_with(pte_without(pte_read(theirs), PTE_PARKED), PTE_PRESENT));
	ktest_ok(asked(GATE_ENTRY_SET, mine, pte_read(mine).value | PTE_OFFERED, 0, 0) ==
			 GATE_NOT_FOR_IT,
		 "consent is no right among others");
	ktest_ok(!marked(mine, PTE_OFFERED) && !marked(theirs, PTE_ACCEPTS),
		 "nobody consents before his address space is published");
	ktest_ok(root_publish(giver->root) && root_publish(taker->root), "both are published");
	mark(mine, PTE_OFFERED);
	mark(theirs, PTE_ACCEPTS);
	as_stranger(mine, theirs);
	giver->nr_pages--;
	as_put(giver);
	as_put(taker);
}
