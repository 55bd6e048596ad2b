/* Entries of a range: rights and removal. */
#include "mm/as_pages.h"

#include "lib/assert.h"
#include "mm/frame_alloc.h"
#include "mm/ptable.h"

pte_t as_pte(pfn_t frame, const struct region *region, bool copy_on_write)
{
	uint64_t flags = PTE_USER | (region->flags & REGION_HUGE ? PTE_HUGE : 0);

	flags |= region->rights ? PTE_PRESENT : PTE_PARKED;
	flags |= region->rights & RIGHT_EXECUTE ? 0 : ptable_nx();
	if (copy_on_write) {
		flags |= PTE_COPY;
	} else if (region->rights & RIGHT_WRITE) {
		flags |= PTE_WRITABLE;
	}
	return pte_make(frame, flags);
}

/*
 * The next entry at or after *address, below end, that holds a frame; NULL: none. Missing tables
 * are stepped over whole. *address is where it maps.
 */
static pte_t *next_entry(const struct as *as, unsigned level, uint64_t *address, uint64_t end)
{
	while (*address < end) {
		pte_t *entry = ptable_entry(as->root, *address, level);

		if (entry && pte_holds_frame(pte_read(entry))) {
			return entry;
		}
		if (entry) {
			*address += 1ul << level_shift(level);
		} else {
			*address = align_down(*address, 1ul << level_shift(level + 1)) +
				   (1ul << level_shift(level + 1));
		}
	}
	return NULL;
}

static bool is_stricter(pte_t from, pte_t to)
{
	if (!pte_is_present(from)) {
		return false;
	}
	return !pte_is_present(to) || (pte_is_writable(from) && !pte_is_writable(to)) ||
	       (pte_is_executable(from) && !pte_is_executable(to));
}

void as_pages_drop(struct as *as, const struct region *region, uint64_t start, uint64_t end)
{
	unsigned level = region_level(region);
	uint64_t address = start;
	pte_t *entry = next_entry(as, level, &address, end);

	while (entry) {
		pfn_t dropped[FREE_BATCH_MAX];
		struct free_batch batch = { 0 };
		uint64_t from = address;
		unsigned nr = 0;

		while (entry && nr < FREE_BATCH_MAX) {
			dropped[nr++] = pte_frame(pte_read(entry));
			pte_write(entry, PTE_NONE);
			as->nr_pages -= 1ul << region_order(region);
			address += region_page_bytes(region);
			entry = next_entry(as, level, &address, end);
		}
		as_tlb_downgrade(&as->tlb, (uva_t){ from }, (uva_t){ MIN(address, end) });
		for (unsigned i = 0; i < nr; i++) {
			frame_put_user(&batch, dropped[i]);
		}
		free_batch_finish(&batch);
	}
}

void as_tables_drop(struct as *as, uint64_t start, uint64_t end)
{
	uint64_t address = start;
	pte_t *entry;

	while ((entry = next_entry(as, 2, &address, end)) != NULL) {
		pte_t table = pte_read(entry);

		assert(!pte_is_leaf(table, 2));
		pte_write(entry, PTE_NONE);
		as_tlb_downgrade(&as->tlb, (uva_t){ address }, (uva_t){ address + HUGE_SIZE });
		frame_free_kernel(pte_frame(table), 0);
	}
}

void as_pages_protect(struct as *as, const struct region *region, uint64_t start, uint64_t end)
{
	unsigned level = region_level(region);
	uint64_t address = start, first = 0, last = 0;

	for (pte_t *entry = next_entry(as, level, &address, end); entry;
	     address += region_page_bytes(region), entry = next_entry(as, level, &address, end)) {
		pte_t old = pte_read(entry);
		/* a private frame may be shared after a fork: let the first write find out */
		bool copy = !(region->flags & REGION_SHARED) && region->rights & RIGHT_WRITE &&
			    !pte_is_writable(old);
		pte_t new = as_pte(pte_frame(old), region, copy || (old.value & PTE_COPY));

		pte_write(entry, new);
		if (is_stricter(old, new)) {
			first = last ? first : address;
			last = address + region_page_bytes(region);
		}
	}
	if (last) {
		as_tlb_downgrade(&as->tlb, (uva_t){ first }, (uva_t){ last });
	}
}
