/* Areas: a range of addresses that rests after use, frames that are no one else's. */
#include "core/options.h"
#include "lib/assert.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/pool/pool.h"
#include "mm/sanitizer/marks.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

/* The first address behind [start, end) at which something is mapped; 0: nothing is. */
static uint64_t busy_until(uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at = ptable_skip(kernel_root, at)) {
		if (pte_is_present(ptable_lookup(kernel_root, at, NULL))) {
			return ptable_skip(kernel_root, at);
		}
	}
	return 0;
}

/* With pmalloc=off areas lie next to each other, as objects of a heap do. */
static uint64_t guard_bytes(void) { return options.pmalloc == pmalloc_off ? 0 : PAGE_SIZE; }

/* Free addresses from `from` on, a guard page on both sides; 0: there are none. */
static uint64_t range_find(uint64_t from, size_t len_bytes)
{
	uint64_t busy;

	while (from + len_bytes + PAGE_SIZE <= POOL_AREAS_END) {
		busy = busy_until(from - guard_bytes(), from + len_bytes + guard_bytes());
		if (!busy) {
			return from;
		}
		from = busy + guard_bytes();
	}
	return 0;
}

/*
 * Addresses are used round and round, so that a stale pointer into a destroyed pool points at
 * nothing for as long as possible. With pmalloc=off the first that are free, as a heap would.
 */
static uint64_t range_take(size_t len_bytes)
{
	struct pool_header header = *pool_header();
	uint64_t first = POOL_AREAS_START + PAGE_SIZE, base = 0;

	if (options.pmalloc != pmalloc_off) {
		base = range_find(MAX(header.next_address, first), len_bytes);
	}
	/* with ptprot the gate lets no address be used twice */
	if (!base && (gate_in_force == ptprot_off || options.pmalloc == pmalloc_off)) {
		base = range_find(first, len_bytes);
	}
	if (base) {
		header.next_address = base + len_bytes + PAGE_SIZE;
		pool_header_write(&header);
	}
	return base;
}

static void count(int nr_areas, int64_t nr_pages)
{
	struct pool_header header = *pool_header();

	header.nr_areas += (uint32_t)nr_areas;
	header.nr_area_pages += (uint64_t)nr_pages;
	pool_header_write(&header);
}

status_t pool_area_create(const struct pool *pool, size_t len_bytes, slot_id *out)
{
	bool is_sealed = pool->mode == POOL_START_WR && options.pmalloc != pmalloc_off;
	union pool_slot slot = { .area = { .kind = SLOT_AREA,
					   .pool = pool->id,
					   .next = pool->first_area,
					   .len_bytes = (uint32_t)len_bytes,
					   .is_sealed = is_sealed,
					   .is_complete = gate_in_force == ptprot_off } };
	uint32_t nr_pages = (uint32_t)(len_bytes >> PAGE_SHIFT);
	status_t status = pool_slot_take(&slot.area.id);

	if (status) {
		return status;
	}
	slot.area.base = range_take(len_bytes);
	if (!slot.area.base) {
		pool_slot_give(slot.area.id);
		return STATUS_ENOMEM;
	}
	pool_slot_write(slot.area.id, &slot);
	count(1, nr_pages);
	for (uint32_t page = 0; page < nr_pages; page += WINDOW_PAGES) {
		status = pool_pages_map(slot.area.base + page * (uint64_t)PAGE_SIZE, slot.area.id,
					page, MIN(nr_pages - page, (uint32_t)WINDOW_PAGES),
					is_sealed ? POOL_PAGE_SEALED : POOL_PAGE_OPEN);
		if (status) {
			pool_area_unmap(slot.area.id);
			ktlb_wait(ktlb_downgrade());
			pool_area_free(slot.area.id);
			return status;
		}
	}
	if (!slot.area.is_complete) {
		slot.area.is_complete = true;
		pool_slot_write(slot.area.id, &slot);
	}
	mark((void *)slot.area.base, len_bytes, MARK_POOL_RED);
	*out = slot.area.id;
	return STATUS_OK;
}

/* One area is read-only; true: and sealed, which its descriptor says then. */
static bool area_seal(slot_id id)
{
	union pool_slot slot = *pool_slot(id, SLOT_AREA);
	unsigned nr_pages = (unsigned)(slot.area.len_bytes >> PAGE_SHIFT);

	if (slot.area.is_sealed || options.pmalloc == pmalloc_off) {
		return true;
	}
	if (!pool_pages_close(slot.area.base, nr_pages)) {
		return false;
	}
	slot.area.is_sealed = true;
	pool_slot_write(id, &slot);
	return true;
}

void pool_areas_seal(slot_id first, slot_id end)
{
	bool is_done = false;

	while (!is_done) {
		is_done = true;
		for (slot_id id = first; id != end; id = pool_slot(id, SLOT_AREA)->area.next) {
			is_done &= area_seal(id);
		}
		if (!is_done) {
			ktlb_wait(ktlb_downgrade());
		}
	}
}

/* The entries keep their frame numbers, complemented, until nobody can use the old ones. */
void pool_area_unmap(slot_id id)
{
	const struct pool_area *area = &pool_slot(id, SLOT_AREA)->area;

	for (uint64_t page = 0; page < area->len_bytes; page += PAGE_SIZE) {
		pte_t *entry = ptable_entry(kernel_root, area->base + page, 1);

		if (entry && pte_is_present(pte_read(entry))) {
			pte_write(entry, pte_complement(pte_read(entry)));
		}
	}
}

/*
 * Tables in which nothing is left. Flushes, and Blocks until every CPU has: the processor may walk
 * a table that it has cached without any access, in user mode and idle, too.
 */
static void tables_free(const struct pool_area *area)
{
	uint64_t end = area->base + area->len_bytes;
	pfn_t table;

	for (uint64_t at = align_down(area->base, HUGE_SIZE); at < end; at += HUGE_SIZE) {
		if (!ptable_detach(kernel_root, at, &table)) {
			continue;
		}
		/* most areas lie within one table, and this is the last that used it */
		ktlb_shootdown_sync((va_t){ at }, 1);
		ptable_table_free(table);
	}
}

void pool_area_free(slot_id id)
{
	const struct pool_area area = pool_slot(id, SLOT_AREA)->area;
	pfn_t batch[WINDOW_PAGES];
	unsigned nr = 0;

	for (uint64_t page = 0; page < area.len_bytes; page += PAGE_SIZE) {
		pte_t *entry = ptable_entry(kernel_root, area.base + page, 1);

		/* an entry that somebody forged leads to a frame that is not ours to free */
		if (pool_frame_unmapped(id, area.base + page, &batch[nr])) {
			nr++;
		}
		if (entry) {
			pte_write(entry, PTE_NONE);
		}
		if (nr == WINDOW_PAGES) {
			frame_free_pool(batch, nr);
			nr = 0;
		}
	}
	if (nr) {
		frame_free_pool(batch, nr);
	}
	tables_free(&area);
	marks_uncover(area.base, area.base + area.len_bytes);
	if (KASAN) {
		marks_free_tables(area.base, area.base + area.len_bytes);
	}
	count(-1, -(int64_t)(area.len_bytes >> PAGE_SHIFT));
	pool_slot_give(id);
}

const struct pool_area *pool_area_at(uint64_t address)
{
	const union pool_slot *slot;
	pte_t pte;

	if (address < POOL_AREAS_START || address >= POOL_AREAS_END) {
		return NULL;
	}
	pte = ptable_lookup(kernel_root, address, NULL);
	if (!pte_is_present(pte) || !pfn_is_valid(pte_frame(pte)) ||
	    frame_entry(pte_frame(pte))->owner != OWNER_POOL) {
		return NULL;
	}
	slot = pool_slot(frame_entry(pte_frame(pte))->number, SLOT_AREA);
	if (!slot || address - slot->area.base >= slot->area.len_bytes) {
		return NULL;
	}
	return &slot->area;
}
