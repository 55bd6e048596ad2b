/* The user half's TLB: a table that is searched from end to end. */
#include "mm/user_tlb.h"

#include "arch/x86_64/cpu/paging.h"
#include "mm/machine.h"
#include "mm/table/ptable.h"
#include "random.h"

enum { ENTRIES_MAX = 512 };

struct entry {
	const struct as_tlb *tlb;
	uint64_t start, end; /* the addresses that it translates */
	pte_t pte;
	bool is_table; /* start is passed on the way by this page table; else a leaf */
};

static struct entry entries[ENTRIES_MAX];
static unsigned nr_entries;

static void entry_remove(unsigned i) { entries[i] = entries[--nr_entries]; }

static bool is_allowed(pte_t pte, unsigned rights)
{
	return pte_is_present(pte) && pte_is_user(pte) &&
	       (!(rights & RIGHT_WRITE) || pte_is_writable(pte)) &&
	       (!(rights & RIGHT_EXECUTE) || pte_is_executable(pte));
}

static void remember(const struct as_tlb *tlb, uint64_t address, unsigned level, pte_t pte,
		     bool is_table)
{
	uint64_t start = align_down(address, 1ul << level_shift(level));

	for (unsigned i = 0; i < nr_entries; i++) {
		if (entries[i].tlb == tlb && entries[i].start == start &&
		    entries[i].pte.value == pte.value) {
			return;
		}
	}
	if (nr_entries == ENTRIES_MAX) {
		entry_remove((unsigned)random_below(ENTRIES_MAX));
	}
	entries[nr_entries++] =
		(struct entry){ tlb, start, start + (1ul << level_shift(level)), pte, is_table };
}

static unsigned level_of(const struct entry *e)
{
	unsigned level = 1;

	while (1ul << level_shift(level) < e->end - e->start) {
		level++;
	}
	return level;
}

/* The lowest table that is remembered for an address, and the level of its entries. */
static pte_t walk_start(const struct as_tlb *tlb, uint64_t address, unsigned *level)
{
	pte_t pte = pte_make(pa_to_pfn(tlb->root), PTE_PRESENT | PTE_USER);

	*level = LEVEL_MAX;
	for (unsigned i = 0; i < nr_entries; i++) {
		const struct entry *e = &entries[i];

		if (e->is_table && e->tlb == tlb && address >= e->start && address < e->end &&
		    level_of(e) <= *level) {
			*level = level_of(e) - 1;
			pte = e->pte;
		}
	}
	return pte;
}

/*
 * A walk through RAM, down to a level. Returns the leaf, or the entry that is not present, or that
 * of the level. The processor's begins at the lowest table that it remembers, and remembers those
 * on its way.
 */
static pte_t walk(const struct as_tlb *tlb, uint64_t address, unsigned *level, unsigned to_level,
		  bool is_processor)
{
	pte_t pte = pte_make(pa_to_pfn(tlb->root), PTE_PRESENT | PTE_USER);

	*level = LEVEL_MAX;
	if (is_processor) {
		pte = walk_start(tlb, address, level);
	}
	for (;; --*level) {
		pte = ((pte_t *)machine_ram(pte_frame(pte)))[level_index(address, *level)];
		if (!pte_is_present(pte) || pte_is_leaf(pte, *level) || *level == to_level) {
			return pte;
		}
		if (!pte_is_user(pte) || !pte_is_writable(pte) || !pte_is_executable(pte)) {
			machine_die("page table entry %#lx on the way to %#lx forbids something",
				    pte.value, address);
		}
		if (is_processor) {
			remember(tlb, address, *level, pte, true);
		}
	}
}

static pfn_t frame_in(pte_t pte, uint64_t offset)
{
	return pfn_add(pte_frame(pte), (uint32_t)(offset >> PAGE_SHIFT));
}

bool user_tlb_access(const struct as *as, uint64_t address, unsigned rights, pfn_t *out)
{
	unsigned level, i = 0;
	pte_t pte;

	while (i < nr_entries) {
		const struct entry *e = &entries[i];

		if (e->is_table || e->tlb != &as->tlb || address < e->start || address >= e->end) {
			i++;
		} else if (is_allowed(e->pte, rights)) {
			*out = frame_in(e->pte, address - e->start);
			return true;
		} else {
			entry_remove(i);
		}
	}
	pte = walk(&as->tlb, address, &level, 1, true);
	if (!is_allowed(pte, rights)) {
		return false;
	}
	remember(&as->tlb, address, level, pte, false);
	*out = frame_in(pte, address & ((1ul << level_shift(level)) - 1));
	return true;
}

void user_tlb_check(void)
{
	for (unsigned i = 0; i < nr_entries; i++) {
		const struct entry *e = &entries[i];
		unsigned level;
		pte_t pte;

		pte = walk(e->tlb, e->start, &level, level_of(e), false);
		if (e->is_table && pte.value != e->pte.value) {
			machine_die("the page table for %#lx is walked as %#lx, and is %#lx",
				    e->start, e->pte.value, pte.value);
		}
		if (e->is_table) {
			continue;
		}
		if (!pte_is_present(pte) || pte_frame(pte).pfn != pte_frame(e->pte).pfn ||
		    e->end - e->start != 1ul << level_shift(level) ||
		    (pte_is_writable(e->pte) && !pte_is_writable(pte)) ||
		    (pte_is_executable(e->pte) && !pte_is_executable(pte))) {
			machine_die("page %#lx: a TLB holds %#lx, the page table %#lx", e->start,
				    e->pte.value, pte.value);
		}
	}
}

static uint32_t nr_frames_of(const struct entry *e)
{
	return e->is_table ? 1 : (uint32_t)((e->end - e->start) >> PAGE_SHIFT);
}

static bool overlaps(const struct entry *e, pfn_t first, uint32_t nr)
{
	uint32_t start = pte_frame(e->pte).pfn;

	return start < first.pfn + nr && first.pfn < start + nr_frames_of(e);
}

void user_tlb_assert_unused(pfn_t first, uint32_t nr)
{
	for (unsigned i = 0; i < nr_entries; i++) {
		if (overlaps(&entries[i], first, nr)) {
			machine_die("frame %u: a TLB still has it as the %s at %#lx", first.pfn,
				    entries[i].is_table ? "page table" : "page", entries[i].start);
		}
	}
}

void user_tlb_assert_not_writable(pfn_t first, uint32_t nr)
{
	for (unsigned i = 0; i < nr_entries; i++) {
		const struct entry *e = &entries[i];

		if (!e->is_table && pte_is_writable(e->pte) && overlaps(e, first, nr)) {
			machine_die("frame %u is writable through a TLB at %#lx", first.pfn,
				    e->start);
		}
	}
}

static void forget(const struct as_tlb *tlb, uint64_t start, uint64_t end, bool tables_only)
{
	for (unsigned i = 0; i < nr_entries;) {
		const struct entry *e = &entries[i];

		if (e->tlb == tlb && e->start < end && start < e->end &&
		    (e->is_table || !tables_only)) {
			entry_remove(i);
		} else {
			i++;
		}
	}
}

void user_tlb_leave(const struct as *as) { forget(&as->tlb, 0, UINT64_MAX, true); }

/* --- as_tlb.h --- */

void as_tlb_init(struct as_tlb *tlb, pa_t kernel_root_pa)
{
	*tlb = (struct as_tlb){ .root = kernel_root_pa };
}

void as_tlb_destroy(const struct as_tlb *tlb)
{
	for (unsigned i = 0; i < nr_entries; i++) {
		if (entries[i].tlb == tlb) {
			machine_die("page %#lx of an address space outlives it in a TLB",
				    entries[i].start);
		}
	}
}

void as_tlb_downgrade(struct as_tlb *tlb, uva_t start, uva_t end)
{
	if (start.uva >= end.uva || !is_aligned(start.uva | end.uva, PAGE_SIZE)) {
		machine_die("flush of [%#lx, %#lx)", start.uva, end.uva);
	}
	forget(tlb, start.uva, end.uva, false);
}

bool as_tlb_is_in_use(const struct as_tlb *tlb) { return !tlb; }

void as_tlb_flush(struct as_tlb *tlb, struct tlb_batch *batch)
{
	struct tlb_batch taken = tlb_batch_take(batch);

	if (!tlb_batch_is_empty(&taken)) {
		as_tlb_downgrade(tlb, (uva_t){ taken.start }, (uva_t){ taken.end });
	}
}

void as_tlb_upgrade(struct as_tlb *tlb, uva_t page) { forget(tlb, page.uva, page.uva + 1, false); }

/* One that begins to die is loaded for a moment, in which nothing is accessed. */
void tlb_switch(struct as_tlb *tlb) { (void)tlb; }
