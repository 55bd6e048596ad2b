/*
 * Page-table side of an address space: changing and dropping the entries of a range. Caller holds
 * as->lock.
 *
 * What goes over the pages of a range does one piece of it, from `at` on, adds to *work
 * (as_change.h) and returns the address up to which it came: where that is not below the end, all
 * is done.
 */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "mm/as/as.h"
#include "mm/as/region.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"

/* The page size that a region's frames have: its level, and bytes. */
static inline unsigned region_level(const struct region *region)
{
	return region->flags & REGION_HUGE ? 2 : 1;
}
static inline uint64_t region_page_bytes(const struct region *region)
{
	return region->flags & REGION_HUGE ? HUGE_SIZE : PAGE_SIZE;
}
static inline unsigned region_order(const struct region *region)
{
	return region->flags & REGION_HUGE ? HUGE_ORDER : 0;
}

/* The entry that a frame gets under these rights. `copy_on_write`: a write must copy it first. */
static inline pte_t as_pte(pfn_t frame, const struct region *region, bool copy_on_write)
{
	pte_t pte = pte_make(frame, region->entry_flags);

	return copy_on_write ? pte_with(pte_without(pte, PTE_WRITABLE), PTE_COPY) : pte;
}

/*
 * The entry of an address at a level, as ptable_entry and ptable_entry_create have it. The table
 * used last is remembered: of 4 KiB pages most are near the last.
 */
static inline bool as_is_near(const struct as *as, uint64_t address)
{
	return address - as->table_start < HUGE_SIZE;
}
static inline pte_t *as_entry_near(const struct as *as, uint64_t address, unsigned level)
{
	return level == 1 && as_is_near(as, address) ? as->table + level_index(address, 1) : NULL;
}
/* None is remembered, for no address of a user half. */
static inline void as_table_forget(struct as *as)
{
	as->table = NULL;
	as->table_start = KERNEL_HALF;
}
pte_t *as_entry(struct as *as, uint64_t address, unsigned level);
status_t as_entry_create(struct as *as, uint64_t address, unsigned level, pte_t **out) MUST_CHECK;

/* Empties the entries of pages in [at, end) of a region. Flushes. *released: frames that no entry
 * names any more. */
uint64_t as_pages_drop(struct as *as, const struct region *region, uint64_t at, uint64_t end,
		       struct released *released, unsigned *work);
/* Gives the frames back. Those of 2 MiB with as->lock free meanwhile: zeroing one takes long. */
void as_released_put_large(struct as *as, const struct released *released);
static inline void as_released_put(struct as *as, const struct released *released)
{
	if (released->nr && LIKELY(!released->order)) {
		frames_put_released(released);
	} else if (released->nr) {
		as_released_put_large(as, released);
	}
}
/* Flushes, then frees the 4 KiB pages' tables where no page is left, for 2 MiB pages to come. */
uint64_t as_tables_drop(struct as *as, uint64_t at, uint64_t end, unsigned *work);
/* Rewrites the entries in [at, end), which lies in one region, for the rights of another. Flushes
 * when any became stricter. */
uint64_t as_pages_protect(struct as *as, const struct region *rights, uint64_t at, uint64_t end,
			  unsigned *work);
/* Adds to *nr how many frames as_page_fill would take, of 4 KiB. */
uint64_t as_pages_missing(struct as *as, const struct region *region, uint64_t at, uint64_t *nr,
			  unsigned *work);
/*
 * as_large.c: gives the empty entry of a page of 2 MiB a zeroed frame; has it copied, for a write.
 * Blocks: the lock is free meanwhile, and held before and after. What else goes on is CHANGE_FORK
 * or nothing. ENOMEM.
 */
status_t as_large_fill(struct as *as, const struct region *region, pte_t *entry) MUST_CHECK;
status_t as_large_copy(struct as *as, const struct region *region, uint64_t page,
		       pte_t *entry) MUST_CHECK;

/* Gives the page, if it has none, a zeroed frame. Blocks where it is one of 2 MiB. ENOMEM. */
status_t as_page_fill(struct as *as, const struct region *region, uint64_t page,
		      pte_t **entry) MUST_CHECK;
