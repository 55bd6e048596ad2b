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

/* Where a walk over the entries of a range stands. */
struct cursor {
	uint64_t address, end;
	pte_t *entry; /* of address; NULL: its table is yet to be looked up */
};

static void cursor_step(struct cursor *cursor, unsigned level)
{
	cursor->address += 1ul << level_shift(level);
	cursor->entry = level_index(cursor->address, level) ? cursor->entry + 1 : NULL;
}

/* On to the next entry, this one included, that holds a frame. Missing tables are stepped over
 * whole. */
static bool cursor_find(struct cursor *cursor, const struct as *as, unsigned level)
{
	while (cursor->address < cursor->end) {
		if (!cursor->entry) {
			cursor->entry = ptable_entry(as->root, cursor->address, level);
			if (!cursor->entry) {
				cursor->address = ptable_skip(as->root, cursor->address);
				continue;
			}
		}
		if (pte_holds_frame(pte_read(cursor->entry))) {
			return true;
		}
		cursor_step(cursor, level);
	}
	return false;
}

static bool is_stricter(pte_t from, pte_t to)
{
	if (!pte_is_present(from)) {
		return false;
	}
	return !pte_is_present(to) || (pte_is_writable(from) && !pte_is_writable(to)) ||
	       (pte_is_executable(from) && !pte_is_executable(to));
}

uint64_t as_pages_missing(const struct as *as, const struct region *region)
{
	unsigned level = region_level(region);
	struct cursor cursor = { region->start, region->end, NULL };
	uint64_t nr = (region->end - region->start) >> level_shift(level);

	for (; cursor_find(&cursor, as, level); cursor_step(&cursor, level)) {
		nr--;
	}
	return nr << region_order(region);
}

void as_pages_drop(struct as *as, const struct region *region, uint64_t start, uint64_t end)
{
	unsigned level = region_level(region);
	struct cursor cursor = { start, end, NULL };

	while (cursor_find(&cursor, as, level)) {
		pfn_t dropped[FREE_BATCH_MAX];
		struct free_batch batch;
		uint64_t from = cursor.address;
		unsigned nr = 0;

		do {
			dropped[nr++] = pte_frame(pte_read(cursor.entry));
			pte_write(cursor.entry, PTE_NONE);
			cursor_step(&cursor, level);
		} while (nr < FREE_BATCH_MAX && cursor_find(&cursor, as, level));
		as->nr_pages -= (uint64_t)nr << region_order(region);
		as_tlb_downgrade(&as->tlb, (uva_t){ from }, (uva_t){ MIN(cursor.address, end) });
		batch.nr = 0;
		for (unsigned i = 0; i < nr; i++) {
			frame_put_user(&batch, dropped[i]);
		}
		free_batch_finish(&batch);
	}
}

void as_tables_drop(struct as *as, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += HUGE_SIZE) {
		pte_t *entry = ptable_entry(as->root, at, 2);

		if (!entry) {
			at = ptable_skip(as->root, at) - HUGE_SIZE;
			continue;
		}
		if (pte_is_present(pte_read(entry))) {
			pfn_t table = pte_frame(pte_read(entry));

			assert(!pte_is_leaf(pte_read(entry), 2));
			pte_write(entry, PTE_NONE);
			as_tlb_downgrade(&as->tlb, (uva_t){ at }, (uva_t){ at + HUGE_SIZE });
			frame_free_kernel(table, 0);
		}
	}
}

void as_pages_protect(struct as *as, const struct region *region, uint64_t start, uint64_t end)
{
	unsigned level = region_level(region);
	struct cursor cursor = { start, end, NULL };
	TLB_BATCH(batch);

	for (; cursor_find(&cursor, as, level); cursor_step(&cursor, level)) {
		pte_t old = pte_read(cursor.entry);
		/* a private frame may be shared after a fork: let the first write find out */
		bool copy = !(region->flags & REGION_SHARED) && region->rights & RIGHT_WRITE &&
			    !pte_is_writable(old);
		pte_t new = as_pte(pte_frame(old), region, copy || (old.value & PTE_COPY));

		pte_write(cursor.entry, new);
		if (is_stricter(old, new)) {
			tlb_batch_add(&batch, cursor.address,
				      cursor.address + region_page_bytes(region));
		}
	}
	as_tlb_flush(&as->tlb, &batch);
}
