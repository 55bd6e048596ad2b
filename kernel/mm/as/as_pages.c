/* Entries of a range: rights and removal. */
#include "mm/as/as_pages.h"

#include "lib/assert.h"
#include "mm/as/as_change.h"
#include "mm/gate/gate.h"
#include "mm/table/ptable.h"

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
	uint64_t address, end;
	uint64_t start; /* so that what lies between, and has a table, is [start, address) long */
	unsigned level;
	pte_t *entry; /* of address; NULL: its table is yet to be looked up */
};

/* Over as many entries as are a piece when looking at one takes so much. */
static inline struct cursor cursor_over(const struct as *as, unsigned level, uint64_t at,
					uint64_t end, unsigned work)
{
	uint64_t most = (uint64_t)(WORK_MAX / work) << level_shift(level);

	return (struct cursor){ at, end - at > most ? at + most : end, at, level,
				as_entry_near(as, at, level) };
}

/* How much that was. */
static inline unsigned cursor_work(const struct cursor *cursor, unsigned work)
{
	uint64_t nr = (cursor->address - cursor->start) >> level_shift(cursor->level);

	return WORK_TABLE + (unsigned)nr * work;
}

/* Past nr entries, at most to the end of the table. */
static inline void cursor_move(struct cursor *cursor, uint64_t nr)
{
	cursor->address += nr << level_shift(cursor->level);
	cursor->entry += nr;
	if (is_aligned((uint64_t)cursor->entry, PAGE_SIZE)) {
		cursor->entry = NULL; /* that was the last of its table */
	}
}

/* Over the empty entries from here on, within the table. */
static __attribute__((noinline)) void cursor_skip_empty(struct cursor *cursor)
{
	uint64_t nr = (cursor->end - cursor->address) >> level_shift(cursor->level);
	uint64_t nr_in_table = PTES_PER_TABLE - level_index(cursor->address, cursor->level);

	cursor_move(cursor, ptes_skip_empty(cursor->entry, (unsigned)MIN(nr, nr_in_table)));
}

/* Looks up the entry; where there is no table, on to what the next one would cover. */
static __attribute__((noinline)) void cursor_look_up(struct cursor *cursor, struct as *as)
{
	cursor->entry = as_entry(as, cursor->address, cursor->level);
	if (!cursor->entry) {
		uint64_t from = cursor->address;

		cursor->address = ptable_skip(as->root, from);
		cursor->start += cursor->address - from;
	}
}

/* On to the next entry, this one included, that holds a frame. */
static inline bool cursor_find(struct cursor *cursor, struct as *as)
{
	while (cursor->address < cursor->end) {
		if (UNLIKELY(!cursor->entry)) {
			cursor_look_up(cursor, as);
		} else if (pte_holds_frame(pte_read(cursor->entry))) {
			return true;
		} else {
			cursor_skip_empty(cursor);
		}
	}
	return false;
}

uint64_t as_pages_missing(struct as *as, const struct region *region, uint64_t at, uint64_t *nr,
			  unsigned *work)
{
	struct cursor cursor = cursor_over(as, region_level(region), at, region->end, 1);
	uint64_t nr_present = 0, next;

	for (; cursor_find(&cursor, as); cursor_move(&cursor, 1)) {
		nr_present++;
	}
	next = MIN(cursor.address, region->end);
	*nr += ((next - at) / region_page_bytes(region) - nr_present) << region_order(region);
	*work += cursor_work(&cursor, 1);
	return next;
}

/* Entries of pages that go: nr in a row of one table, of which some may be empty, but for the first
 * and the last. */
struct run {
	pte_t *first;
	unsigned nr;
	uint64_t end; /* of the addresses that they stand for */
};
/* More of them are another piece; all share a flush. */
enum { RUNS_MAX = 16 };

/* From the entry on where the cursor stands, with up to `most` pages. */
static inline struct run run_take(struct cursor *cursor, unsigned most)
{
	uint64_t nr = (cursor->end - cursor->address) >> level_shift(cursor->level);
	unsigned nr_in_table = PTES_PER_TABLE - level_index(cursor->address, cursor->level);
	struct run run = { .first = cursor->entry };

	nr = MIN(MIN(nr, most), nr_in_table);
	run.nr = (unsigned)nr;
	while (!pte_holds_frame(pte_read(&run.first[run.nr - 1]))) {
		run.nr--;
	}
	run.end = cursor->address + ((uint64_t)run.nr << level_shift(cursor->level));
	cursor_move(cursor, nr);
	return run;
}

/* Returns how many pages there are. */
static unsigned run_park(const struct run *run, uint64_t address)
{
	for (unsigned i = 0; ASSERTIONS && i < run->nr; i++) {
		if (pte_is_present(pte_read(&run->first[i]))) {
			upcall_entry_stricter(&run->first[i].value, true);
		}
	}
	return pages_park(run->first, run->nr, address);
}

/* Returns how many pages there were. */
static unsigned runs_release(const struct run *runs, unsigned nr_runs, bool is_huge,
			     struct released *released)
{
	unsigned nr = 0;

	released->nr = 0;
	for (unsigned i = 0; i < nr_runs; i++) {
		nr += pages_release(runs[i].first, runs[i].nr, is_huge, released);
	}
	return nr;
}

/*
 * Pages are parked, flushed, and released; of an address space that no processor has loaded they
 * are released at once. Of either size: inlined for each, so that the shifts are constants.
 */
static inline __attribute__((always_inline)) uint64_t pages_drop(struct as *as, bool is_huge,
								 uint64_t at, uint64_t end,
								 struct released *released,
								 unsigned *work)
{
	struct cursor cursor = cursor_over(as, is_huge ? 2 : 1, at, end, 1);
	unsigned nr_left = is_huge ? 1 : RELEASED_MAX, nr_runs = 0, nr;
	bool is_apart = root_is_apart(as->root);
	struct run runs[RUNS_MAX];
	uint64_t first = 0, last = 0;

	while (nr_left && nr_runs < RUNS_MAX && cursor_find(&cursor, as)) {
		uint64_t address = cursor.address;

		first = nr_runs ? first : address;
		runs[nr_runs] = run_take(&cursor, nr_left);
		last = runs[nr_runs].end;
		nr = is_apart ? runs[nr_runs].nr : run_park(&runs[nr_runs], address);
		nr_left -= nr;
		nr_runs++;
	}
	if (nr_runs) {
		as_tlb_downgrade(&as->tlb, (uva_t){ first }, (uva_t){ last });
	}
	nr = runs_release(runs, nr_runs, is_huge, released);
	as->nr_pages -= (uint64_t)nr << (is_huge ? HUGE_ORDER : 0);
	*work +=
		cursor_work(&cursor, 1) + nr * (is_huge ? (unsigned)WORK_MAX : (unsigned)WORK_PAGE);
	return cursor.address;
}

uint64_t as_pages_drop(struct as *as, const struct region *region, uint64_t at, uint64_t end,
		       struct released *released, unsigned *work)
{
	return region->flags & REGION_HUGE ? pages_drop(as, true, at, end, released, work)
					   : pages_drop(as, false, at, end, released, work);
}

void as_released_put_large(struct as *as, const struct released *released)
{
	as_change_leave(as, CHANGE_REGIONS);
	frames_put_released(released);
	as_change_return(as);
}

uint64_t as_tables_drop(struct as *as, uint64_t at, uint64_t end, unsigned *work)
{
	for (; at < end && *work < WORK_MAX; *work += WORK_TABLE) {
		pte_t *entry = ptable_entry(as->root, at, 2);
		pte_t pte = entry ? pte_read(entry) : PTE_NONE;

		if (!entry) {
			at = ptable_skip(as->root, at);
			continue;
		}
		if (pte_is_present(pte)) {
			assert(!pte_is_leaf(pte, 2));
			as_table_forget(as);
			if (ASSERTIONS) {
				upcall_entry_stricter(&entry->value, true);
			}
			if (table_unlink(entry)) {
				as_tlb_downgrade(&as->tlb, (uva_t){ at },
						 (uva_t){ at + HUGE_SIZE });
				ptable_table_free(pte_frame(pte));
			}
		}
		at += HUGE_SIZE;
	}
	return at;
}

/* Flushes. As many pages as there is time for, if each takes so long. */
static uint64_t pages_protect(struct as *as, const struct region *rights, uint64_t at, uint64_t end,
			      unsigned work_of_each, unsigned *work)
{
	uint64_t step = region_page_bytes(rights);
	struct cursor cursor = cursor_over(as, region_level(rights), at, end, work_of_each);
	TLB_BATCH(batch);

	for (; cursor_find(&cursor, as); cursor_move(&cursor, 1)) {
		pte_t old = pte_read(cursor.entry);
		/* a private frame may be shared after a fork: let the first write find out */
		bool copy = !(rights->flags & REGION_SHARED) && rights->rights & RIGHT_WRITE &&
			    !pte_is_writable(old);
		pte_t new = pte_with(as_pte(pte_frame(old), rights, copy || (old.value & PTE_COPY)),
				     old.value & PTE_SHARED);

		pte_write(cursor.entry, new);
		if (pte_is_stricter(old, new)) {
			tlb_batch_add(&batch, cursor.address, cursor.address + step);
		}
	}
	as_tlb_flush(&as->tlb, &batch);
	*work += cursor_work(&cursor, work_of_each);
	return cursor.address;
}

/* Written twice, and looked for in every processor's TLB. */
enum { WORK_RUNS = 3 * WORK_WRITTEN };

uint64_t as_pages_protect(struct as *as, const struct region *rights, uint64_t at, uint64_t end,
			  unsigned *work)
{
	struct region readable = *rights;
	unsigned unused = 0;

	if (!(rights->rights & RIGHT_EXECUTE)) {
		return pages_protect(as, rights, at, end, WORK_WRITTEN, work);
	}
	/* what runs next no TLB lets anybody write to any more */
	region_set_rights(&readable, RIGHT_READ, rights->flags);
	(void)pages_protect(as, &readable, at, end, WORK_RUNS, &unused);
	return pages_protect(as, rights, at, end, WORK_RUNS, work);
}
