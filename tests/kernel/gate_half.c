/*
 * With ptprot: what a processor's TLB may still hold of a user half is not released, replaced or
 * given, nor does a table serve elsewhere; and what a slot holds is flushed when it is stale,
 * whatever is told.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/as/as_pages.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/current/user_half.h"
#include "mm/tlb/asid.h"
#include "task/process/process.h"

enum { NR_PAGES = 4 };

/* Of another table. */
#define OTHER_START (TEST_START + HUGE_SIZE)

static struct current *current(void) { return (struct current *)(uint64_t)current_here(); }

static enum gate_refusal released(const pte_t *entry)
{
	return asked(GATE_PAGES_RELEASE, entry, 1, 0, 0);
}

/* With an address that is another's, so nothing is flushed with it. */
static bool parked(const pte_t *entry)
{
	return asked(GATE_PAGES_PARK, entry, 1, 0, 0) == GATE_DONE;
}

static bool set(const pte_t *entry, pte_t pte)
{
	return asked(GATE_ENTRY_SET, entry, pte.value, 0, 0) == GATE_DONE;
}

/* As if another processor had the root in use, with this in one of its slots. */
static enum gate_refusal released_beside(const pte_t *entry, uint32_t root, uint32_t left,
					 uint64_t slot)
{
	struct current *other =
		(struct current *)(uint64_t)gate_current((this_cpu()->id + 1) % nr_cpus);
	struct user_slot *its = &other->slots[other->slot], slot_before = *its;
	uint64_t roots_before = other->roots.value;
	enum gate_refusal refusal;

	FORCE(other->roots.value = half_word(root, left); its->word.value = slot);
	refusal = released(entry);
	FORCE(other->roots.value = roots_before; *its = slot_before);
	return refusal;
}

static void release_checks(const struct as *as, const pte_t *entries)
{
	uint32_t root = as->root.pfn, generation;
	pte_t copy = pte_read(&entries[1]);
	struct released out = { .nr = 1, .frames = { pte_frame(pte_read(entries)) } };

	ktest_ok(parked(entries) && released(entries) == GATE_NOT_YET,
		 "a page is not released while this processor may hold it");
	ktest_ok(asked(GATE_PAGE_REPLACE, entries, copy.value, 0, 0) == GATE_NOT_YET,
		 "nor does another take its place");
	(void)stack_settle();
	generation = tlb_hw_generation(as->root.pfn);
	ktest_ok(asked(GATE_PAGE_REPLACE, entries, copy.value, 0, 0) == GATE_NO_FRAME,
		 "it may once it has flushed");
	if (nr_cpus > 1) {
		ktest_ok(released_beside(entries, root, 0, half_word(root, generation - 1)) ==
				 GATE_NOT_YET,
			 "nor is it while another processor may that uses the root");
		ktest_ok(released_beside(entries, kernel_root.pfn, root, 0) == GATE_NOT_YET,
			 "or has left it, and has it loaded still");
		ktest_ok(released_beside(entries, root, 0, half_word(root + 2, generation)) ==
				 GATE_NOT_YET,
			 "another's slot says nothing of it");
		ktest_ok(released_beside(entries, root, 0, half_word(root, generation)) ==
				 GATE_DONE,
			 "it is released when that one has flushed");
	} else {
		ktest_ok(released(entries) == GATE_DONE, "it is released");
	}
	frames_put_released(&out);
}

static void give_checks(const pte_t *entries)
{
	struct as *taker;
	pte_t *theirs = space_make(&taker, NR_PAGES, 1), before = pte_read(&entries[1]);

	if (!theirs) {
		ktest_skip("no memory for an address space");
		return;
	}
	ktest_ok(parked(&entries[1]) && asked(GATE_PAGE_GIVE, &entries[1], (uint64_t)&theirs[1], 0,
					      0) == GATE_NOT_YET,
		 "what a TLB may hold is not given");
	(void)stack_settle();
	ktest_ok(asked(GATE_PAGE_GIVE, &entries[1], (uint64_t)&theirs[1], 0, 0) == GATE_DONE,
		 "it is given after a flush");
	ktest_ok(parked(&theirs[1]) &&
			 asked(GATE_PAGE_GIVE, &theirs[1], (uint64_t)&entries[1], 0, 0) ==
				 GATE_DONE &&
			 set(&entries[1], before),
		 "nobody has what is new: it comes back");
	as_put(taker);
}

/* Parked, with an address that it may have: is the slot fresh? */
static bool flushed_at(const struct as *as, const pte_t *entry, uint64_t address)
{
	const struct user_slot *slot = &current()->slots[current()->slot];
	pte_t before = pte_read(entry);
	bool is_fresh;

	(void)asked(GATE_PAGES_PARK, entry, 1, address, 0);
	is_fresh = slot->generation == tlb_hw_generation(as->root.pfn);
	(void)stack_settle();
	(void)set(entry, before);
	return is_fresh;
}

static void flush_checks(const struct as *as, const pte_t *entries)
{
	struct user_slot *slot = &current()->slots[current()->slot];
	pte_t before = pte_read(&entries[1]);
	uint64_t fresh;

	ktest_ok(set(&entries[1], pte_without(before, PTE_WRITABLE)) &&
			 slot->generation == tlb_hw_generation(as->root.pfn) - 1 &&
			 half_lags(current_here(), as->root.pfn, tlb_hw_generation(as->root.pfn)),
		 "an entry that is stricter makes the slot stale");
	fresh = half_word(as->root.pfn, tlb_hw_generation(as->root.pfn));
	ktest_ok(stack_settle() & SWITCH_FLUSHED && slot->word.value == fresh,
		 "who loads a stale slot flushes");
	ktest_ok(!(stack_settle() & SWITCH_FLUSHED), "once");
	ktest_ok(set(&entries[1], before) && slot->word.value == fresh,
		 "what may be written again needs no flush");
	ktest_ok(flushed_at(as, &entries[1], TEST_START + PAGE_SIZE) == half_hw_can_flush_pages(),
		 "a page that is parked by its address is flushed with that");
	ktest_ok(!flushed_at(as, &entries[1], TEST_START + 2 * PAGE_SIZE) &&
			 !flushed_at(as, &entries[1], OTHER_START + PAGE_SIZE) &&
			 !flushed_at(as, &entries[1], USER_TOP - PAGE_SIZE),
		 "and not by another's");
	ktest_ok(set(&entries[1], before), "it is present again");
}

/* What may be written, by whatever TLB, does not run. */
static void run_checks(const pte_t *entries)
{
	pte_t before = pte_read(&entries[1]), still = pte_without(before, PTE_WRITABLE),
	      runs = pte_without(still, PTE_NO_EXECUTE);

	ktest_ok(asked(GATE_ENTRY_SET, &entries[1], runs.value, 0, 0) == GATE_NOT_FOR_IT,
		 "what may be written does not run at once");
	ktest_ok(set(&entries[1], still) &&
			 asked(GATE_ENTRY_SET, &entries[1], runs.value, 0, 0) == GATE_NOT_YET,
		 "nor what a TLB may let be written");
	(void)stack_settle();
	ktest_ok(set(&entries[1], runs), "it runs after a flush");
	ktest_ok(set(&entries[1], before), "it may be written again");
	(void)stack_settle();
}

/* A new address space gets it, too. */
static void share_checks(const struct as *as, const pte_t *entries)
{
	uint32_t before = tlb_hw_generation(as->root.pfn);
	struct as *taker;
	pte_t *theirs = space_make(&taker, NR_PAGES, 1);

	if (!theirs) {
		ktest_skip("no memory for an address space");
		return;
	}
	ktest_ok(asked(GATE_ENTRIES_SHARE, &entries[1], (uint64_t)&theirs[1], 1, true) ==
				 GATE_DONE &&
			 tlb_hw_generation(as->root.pfn) == before + 1,
		 "what a fork shares may be written no more: the slot is stale");
	(void)stack_settle();
	taker->nr_pages++;
	as_put(taker);
}

/* The generation has as many values as it has. */
static void wrap_checks(const struct as *as, const pte_t *entries)
{
	struct frame *shadow = frame_entry(pfn_add(as->root, 1));
	struct user_slot *slots = current()->slots;
	pte_t before = pte_read(&entries[1]);
	bool any_is_left = false;

	FORCE(shadow->number = UINT32_MAX);
	(void)stack_settle();
	ktest_ok(slots[current()->slot].generation == UINT32_MAX, "the last generation");
	ktest_ok(set(&entries[1], pte_without(before, PTE_WRITABLE)), "is not the last of all");
	for (unsigned slot = 0; slot < NR_ASIDS; slot++) {
		any_is_left |= slots[slot].root == as->root.pfn;
	}
	ktest_ok(!any_is_left && tlb_hw_generation(as->root.pfn) == 0,
		 "where they begin anew no slot is taken for fresh");
	(void)stack_settle();
	ktest_ok(set(&entries[1], before) &&
			 !half_lags(current_here(), as->root.pfn, tlb_hw_generation(as->root.pfn)),
		 "and all goes on");
	FORCE(shadow->number = 1);
	(void)stack_settle();
}

static void table_checks(struct as *as)
{
	const pte_t *link = ptable_entry(as->root, TEST_START, 2);
	pfn_t table = pte_frame(pte_read(link));
	struct current *other =
		(struct current *)(uint64_t)gate_current((this_cpu()->id + 1) % nr_cpus);
	uint64_t before = other->roots.value;

	FORCE(other->roots.value = half_word(as->root.pfn, 0));
	ktest_ok(set(link, PTE_NONE), "an empty table goes");
	FORCE(other->roots.value = before);
	ktest_ok((nr_cpus > 1) == (frame_entry(table)->number != 0),
		 "it waits while another processor may walk it");
	while (asked_of(GATE_TABLE_LINK, (uint64_t)link, table.pfn, 0, 0) != GATE_DONE) {
		ktlb_wait(ktlb_downgrade());
	}
	ktest_ok(set(link, PTE_NONE) && !frame_entry(table)->number,
		 "and not where this one alone does, which flushes");
	(void)stack_settle();
	as_table_forget(as);
	ptable_table_free(table);
}

KTEST_SUITE(gate_half)
{
	struct as *as = process_current()->as;
	struct released out = { 0 };
	const pte_t *entries;
	uva_t at, other;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	if (as_map(as, AS_MAP_FIXED, TEST_START, NR_PAGES * PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0,
		   &at) ||
	    as_fault(as, at, RIGHT_WRITE) ||
	    as_fault(as, (uva_t){ at.uva + PAGE_SIZE }, RIGHT_WRITE) ||
	    as_map(as, AS_MAP_FIXED, OTHER_START, PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0, &other) ||
	    as_fault(as, other, RIGHT_WRITE)) {
		ktest_skip("no memory for user pages");
		return;
	}
	entries = ptable_entry(as->root, TEST_START, 1);
	release_checks(as, entries);
	as->nr_pages--;
	give_checks(entries);
	flush_checks(as, entries);
	wrap_checks(as, entries);
	run_checks(entries);
	share_checks(as, entries);
	(void)pages_park((pte_t *)(uint64_t)&entries[1], 1, at.uva + PAGE_SIZE);
	(void)stack_settle();
	as->nr_pages -= pages_release((pte_t *)(uint64_t)&entries[1], 1, false, &out);
	frames_put_released(&out);
	table_checks(as);
	(void)!as_unmap(as, at, NR_PAGES * PAGE_SIZE);
	(void)!as_unmap(as, other, PAGE_SIZE);
}
