/* Entries of a range: rights and removal. */
#include "mm/as_pages.h"

#include "lib/assert.h"
#include "mm/frame_alloc.h"
#include "mm/ptable.h"

/* A table stays where it is until as_tables_drop. */
static void table_remember(struct as *as, uint64_t address, pte_t *entry)
{
	as->table = entry - level_index(address, 1);
	as->table_start = align_down(address, HUGE_SIZE);
}

pte_t *as_entry(struct as *as, uint64_t address, unsigned level)
{
	pte_t *entry = as_entry_near(as, address, level);

	if (entry) {
		return entry;
	}
	entry = ptable_entry(as->root, address, level);
	if (entry && level == 1) {
		table_remember(as, address, entry);
	}
	return entry;
}

status_t as_entry_create(struct as *as, uint64_t address, unsigned level, pte_t **out)
{
	status_t status;

	*out = as_entry_near(as, address, level);
	if (*out) {
		return STATUS_OK;
	}
	status = ptable_entry_create(as->root, address, level, out);
	if (status == STATUS_OK && level == 1) {
		table_remember(as, address, *out);
	}
	return status;
}

/* Where a walk over the entries of a range stands. */
struct cursor {
	uint64_t address, end, step;
	pte_t *entry; /* of address; NULL: its table is yet to be looked up */
};

static void cursor_step(struct cursor *cursor)
{
	cursor->address += cursor->step;
	cursor->entry++;
	if (is_aligned((uint64_t)cursor->entry, PAGE_SIZE)) {
		cursor->entry = NULL; /* that was the last of its table */
	}
}

/* Looks up the entry; where there is no table, on to what the next one would cover. */
static __attribute__((noinline)) void cursor_look_up(struct cursor *cursor, struct as *as,
						     unsigned level)
{
	cursor->entry = as_entry(as, cursor->address, level);
	if (!cursor->entry) {
		cursor->address = ptable_skip(as->root, cursor->address);
	}
}

/* On to the next entry, this one included, that holds a frame. */
static inline bool cursor_find(struct cursor *cursor, struct as *as, unsigned level)
{
	while (cursor->address < cursor->end) {
		if (UNLIKELY(!cursor->entry)) {
			cursor_look_up(cursor, as, level);
		} else if (pte_holds_frame(pte_read(cursor->entry))) {
			return true;
		} else {
			cursor_step(cursor);
		}
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

uint64_t as_pages_missing(struct as *as, const struct region *region)
{
	unsigned level = region_level(region);
	struct cursor cursor = { region->start, region->end, region_page_bytes(region), NULL };
	uint64_t nr = (region->end - region->start) >> level_shift(level);

	for (; cursor_find(&cursor, as, level); cursor_step(&cursor)) {
		nr--;
	}
	return nr << region_order(region);
}

/* Frames whose entries are empty already, but may still be in TLBs. */
struct dropped {
	uint64_t start, end; /* the range that their pages span */
	unsigned nr;
	pfn_t frames[FRAMES_PUT_MAX];
};

/* Flushes. */
static void dropped_free(struct dropped *dropped, struct as *as)
{
	as_tlb_downgrade(&as->tlb, (uva_t){ dropped->start }, (uva_t){ dropped->end });
	frames_put_user(dropped->frames, dropped->nr);
	dropped->nr = 0;
}

void as_pages_drop(struct as *as, const struct region *region, uint64_t start, uint64_t end)
{
	unsigned level = region_level(region);
	struct cursor cursor = { start, end, region_page_bytes(region), NULL };
	struct dropped dropped;

	dropped.nr = 0;
	while (cursor_find(&cursor, as, level)) {
		if (dropped.nr == 0) {
			dropped.start = cursor.address;
		}
		dropped.frames[dropped.nr++] = pte_frame(pte_read(cursor.entry));
		pte_write(cursor.entry, PTE_NONE);
		as->nr_pages -= 1ul << region_order(region);
		cursor_step(&cursor);
		dropped.end = cursor.address;
		if (dropped.nr == FRAMES_PUT_MAX) {
			dropped_free(&dropped, as);
		}
	}
	if (dropped.nr) {
		dropped_free(&dropped, as);
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
			as->table = NULL;
			pte_write(entry, PTE_NONE);
			as_tlb_downgrade(&as->tlb, (uva_t){ at }, (uva_t){ at + HUGE_SIZE });
			frame_free_kernel(table, 0);
		}
	}
}

void as_pages_protect(struct as *as, const struct region *region, uint64_t start, uint64_t end)
{
	unsigned level = region_level(region);
	struct cursor cursor = { start, end, region_page_bytes(region), NULL };
	TLB_BATCH(batch);

	for (; cursor_find(&cursor, as, level); cursor_step(&cursor)) {
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
