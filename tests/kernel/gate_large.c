/*
 * With ptprot: pages of 2 MiB between free frames and their first entry. A block in hand becomes
 * one once it has waited; it is the loaded address space's, which owes it until it has its entry;
 * and it is mapped when all of it is clean, or copied.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/frame_pool.h"
#include "task/process/process.h"

#define LARGE_AT (8 * HUGE_SIZE)
#define RIGHTS (PTE_PRESENT | PTE_USER | PTE_WRITABLE | PTE_NO_EXECUTE | PTE_HUGE)
enum { NR_FRAMES = 1 << HUGE_ORDER, NR_PIECES = NR_FRAMES / LARGE_PIECE };

static pfn_t loaded(void) { return process_current()->as->root; }

static unsigned nr_owed(void) { return frame_entry(loaded())->nr_used / OWED; }

/* What `frame_pool` has revealed. False: no such block. */
static bool block_take(pfn_t *out)
{
	unsigned order = HUGE_ORDER;
	bool found;

	lock_acquire(&frame_pool.lock);
	found = frames_take_kind(FREE_REVEALED, &order, out);
	if (found && order != HUGE_ORDER) {
		buddy_insert(&frame_pool.buddy, *out, order, FREE_REVEALED);
		found = false;
	}
	frame_pool.nr_in_work += found ? NR_FRAMES : 0;
	lock_release(&frame_pool.lock);
	return found;
}

static void block_give_back(pfn_t first)
{
	ktlb_wait(ktlb_downgrade());
	frames_settle_all(first, NR_FRAMES, false);
	block_reveal(first, HUGE_ORDER);
	lock_acquire(&frame_pool.lock);
	buddy_insert(&frame_pool.buddy, first, HUGE_ORDER, FREE_REVEALED);
	frame_pool.nr_in_work -= NR_FRAMES;
	lock_release(&frame_pool.lock);
}

static enum gate_refusal taken(pfn_t first)
{
	return asked_of(GATE_LARGE_TAKE, first.pfn, 0, 0, 0);
}

static enum gate_refusal cleared(pfn_t first, uint64_t piece)
{
	return asked_of(GATE_LARGE_CLEAR, first.pfn, piece, 0, 0);
}

static enum gate_refusal copied(const pte_t *from, pfn_t first, uint64_t piece)
{
	return asked(GATE_LARGE_COPY, from, first.pfn, piece, 0);
}

static enum gate_refusal mapped(const pte_t *entry, pfn_t first)
{
	return asked(GATE_PAGE_MAP, entry, pte_make(first, RIGHTS).value, 0, 0);
}

/* With a root loaded that is dying, or owes as much as can be counted. */
static void take_when_owing(pfn_t first)
{
	struct frame dying = *frame_entry(loaded()), owing = dying;

	dying.flags |= ROOT_DYING;
	owing.nr_used = UINT16_MAX - OWED + 1;
	ktest_ok(asked_with(loaded(), dying, GATE_LARGE_TAKE, first.pfn, 0) == GATE_NO_FRAME,
		 "nor does one become an address space's that is dying");
	ktest_ok(asked_with(loaded(), owing, GATE_LARGE_TAKE, first.pfn, 0) == GATE_NO_FRAME,
		 "nor one's that owes all that it can");
}

/* Of a block in hand, revealed. It is a fresh page afterwards. */
static bool take(pfn_t first)
{
	unsigned before = nr_owed();

	ktest_ok(!xpfo_is_strict() || taken(first) == GATE_NO_FRAME,
		 "frames that the direct map shows become no page of 2 MiB");
	(void)block_hide(first, HUGE_ORDER);
	ktest_ok(!xpfo_is_strict() || taken(first) == GATE_NO_FRAME,
		 "nor do frames that wait become one");
	ktlb_wait(ktlb_downgrade());
	ktest_ok(taken((pfn_t){ first.pfn + 1 }) == GATE_NO_FRAME, "it begins at one of 512");
	take_when_owing(first);
	return ktest_ok(nr_owed() == before && taken(first) == GATE_DONE && nr_owed() == before + 1,
			"what becomes one the loaded address space owes");
}

static void clear_all(pfn_t first)
{
	bool is_done = true;

	for (uint64_t piece = 0; piece < NR_PIECES && is_done; piece++) {
		is_done = cleared(first, piece) == GATE_DONE;
	}
	ktest_ok(is_done, "one piece after the other is cleared");
}

/* A fresh one, of which no piece is clean. */
static void clear(pfn_t first, pfn_t other)
{
	struct frame others = *frame_entry(first), small = others, old = others;

	others.number = other.pfn;
	small.order = 0;
	old.flags &= (uint8_t)~FRAME_FRESH;
	ktest_ok(cleared(first, 1) == GATE_NO_FRAME && cleared(first, NR_PIECES) == GATE_NO_FRAME,
		 "a piece is cleared when those before it are");
	ktest_ok(asked_with(first, others, GATE_LARGE_CLEAR, first.pfn, 0) == GATE_NO_FRAME,
		 "nor is another address space's page cleared");
	ktest_ok(asked_with(first, old, GATE_LARGE_CLEAR, first.pfn, 0) == GATE_NO_FRAME &&
			 asked_with(first, small, GATE_LARGE_CLEAR, first.pfn, 0) == GATE_NO_FRAME,
		 "nor one that is not fresh, or not of 2 MiB");
	clear_all(first);
	ktest_ok(cleared(first, NR_PIECES) == GATE_NO_FRAME, "there is no piece behind the last");
}

/* The loaded address space's page of 2 MiB, another's, what is none. */
static void copy(const pte_t *own, const pte_t *theirs, const pte_t *link, pfn_t first)
{
	struct frame dying = *frame_entry(loaded());

	dying.flags |= ROOT_DYING;
	ktest_ok(copied(own, first, 1) == GATE_NO_FRAME, "what is cleared is not copied to midway");
	ktest_ok(copied(theirs, first, 0) == GATE_NOT_OURS, "nor is another's page copied");
	ktest_ok(copied(link, first, 0) == GATE_NO_FRAME && copied(own + 1, first, 0) != GATE_DONE,
		 "nor a page table, or nothing");
	ktest_ok(asked_with(loaded(), dying, GATE_LARGE_COPY, (uint64_t)own, first.pfn) ==
			 GATE_NOT_OURS,
		 "nor one of an address space that is dying");
	ktest_ok(copied(own, pte_frame(pte_read(own)), 0) == GATE_NO_FRAME,
		 "nor does one get a copy that has its entry");
	ktest_ok(copied(own, first, 0) == GATE_DONE && copied(own, first, 2) == GATE_NO_FRAME,
		 "a piece is copied when those before it are");
}

/* Fresh, with its first piece copied. An empty entry, of that level and of 4 KiB. */
static void map(pfn_t first, const pte_t *empty, const pte_t *small, pfn_t other)
{
	unsigned before = nr_owed();
	struct frame others, old;

	ktest_ok(!xpfo_is_strict() || mapped(empty, first) == GATE_NO_FRAME,
		 "a page that is copied in part is not mapped");
	clear_all(first);
	others = old = *frame_entry(first);
	others.number = other.pfn;
	old.flags &= (uint8_t)~FRAME_FRESH;
	ktest_ok(asked_with(first, others, GATE_PAGE_MAP, (uint64_t)empty,
			    pte_make(first, RIGHTS).value) == GATE_NO_FRAME,
		 "nor is another address space's");
	ktest_ok(asked_with(first, old, GATE_PAGE_MAP, (uint64_t)empty,
			    pte_make(first, RIGHTS).value) == GATE_NO_FRAME,
		 "nor one that is not fresh");
	ktest_ok(asked(GATE_PAGE_MAP, small, pte_make(first, RIGHTS & ~PTE_HUGE).value, 0, 0) ==
			 GATE_NO_FRAME,
		 "nor its first frame alone");
	ktest_ok(asked_of(GATE_FRAME_HOLD, first.pfn, 0, 0, 0) != GATE_DONE &&
			 asked_of(GATE_FRAME_HOLD, first.pfn + 1, 0, 0, 0) != GATE_DONE,
		 "the kernel does not hold what has no entry");
	ktest_ok(mapped(empty, first) == GATE_DONE && nr_owed() == before - 1,
		 "with its entry it is owed no more");
	ktest_ok(cleared(first, 0) == GATE_NO_FRAME, "what has its entry is not cleared");
	ktest_ok(asked(GATE_PAGES_RELEASE, empty, 2, 0, 0) == GATE_NOT_OURS,
		 "it is released by itself");
	ktest_ok(asked(GATE_PAGES_RELEASE, empty, 1, 0, 0) == GATE_DONE &&
			 mapped(empty, first) == GATE_NO_FRAME,
		 "without an entry it is not fresh again");
	ktest_ok(asked_of(GATE_LARGE_FREE, first.pfn, 0, 0, 0) == GATE_DONE &&
			 asked_of(GATE_LARGE_FREE, first.pfn, 0, 0, 0) == GATE_IN_USE,
		 "its frames are free, once");
	ktest_ok(nr_owed() == before - 1, "and are not owed twice");
}

/* A page that goes before it has its entry. */
static void free_fresh(pfn_t first)
{
	unsigned before = nr_owed();
	struct frame small;

	ktlb_wait(ktlb_downgrade());
	if (!ktest_ok(taken(first) == GATE_DONE, "they are a page again")) {
		return;
	}
	small = *frame_entry(first);
	small.order = 0;
	ktest_ok(nr_owed() == before + 1, "it is owed again");
	ktest_ok(asked_with(first, small, GATE_LARGE_FREE, first.pfn, 0) == GATE_IN_USE,
		 "what is no page of 2 MiB does not go as one");
	ktest_ok(asked_of(GATE_FRAME_CLEAR, first.pfn, 0, 0, 0) == GATE_IN_USE,
		 "its first frame is not cleared alone");
	ktest_ok(asked_of(GATE_LARGE_FREE, first.pfn, 0, 0, 0) == GATE_DONE && nr_owed() == before,
		 "what goes without an entry is owed no more");
	ktest_ok(!xpfo_is_strict() || (frame_entry(first)->flags & FRAME_DIRTY &&
				       frame_entry(pfn_add(first, 1))->flags & FRAME_DIRTY),
		 "and waits, dirty");
}

static pte_t *page_of(struct as *as)
{
	uva_t at;

	if (as_map(as, AS_MAP_FIXED, LARGE_AT, HUGE_SIZE, RIGHT_READ | RIGHT_WRITE, REGION_HUGE,
		   &at) ||
	    as_fault(as, at, RIGHT_WRITE)) {
		return NULL;
	}
	return ptable_entry(as->root, LARGE_AT, 2);
}

static void try_all(struct as *as, const pte_t *small, const pte_t *own, const pte_t *theirs)
{
	const pte_t *link = ptable_entry(loaded(), (uint64_t)process_current()->as->heap_start, 2);
	pfn_t first;

	if (!block_take(&first)) {
		ktest_skip("no free block of 2 MiB that the direct map shows");
		return;
	}
	if (take(first)) {
		ktest_ok(!xpfo_is_strict() || mapped(theirs + 1, first) == GATE_NO_FRAME,
			 "what is not clean is not mapped");
		clear(first, as->root);
		copy(own, theirs, link, first);
		map(first, theirs + 1, small + 1, as->root);
		free_fresh(first);
	}
	block_give_back(first);
}

KTEST_SUITE(gate_large)
{
	struct as *as, *own = process_current()->as;
	pte_t *small, *mine, *theirs;

	if (gate_in_force == ptprot_off) {
		ktest_skip("there is no gate");
		return;
	}
	small = space_make(&as, 2, 1);
	if (!small) {
		ktest_skip("no memory for an address space");
		return;
	}
	mine = page_of(own);
	theirs = mine ? page_of(as) : NULL;
	if (theirs) {
		try_all(as, small, mine, theirs);
	} else {
		ktest_skip("no memory for pages of 2 MiB");
	}
	as_put(as);
	(void)!as_unmap(own, (uva_t){ LARGE_AT }, HUGE_SIZE);
}
