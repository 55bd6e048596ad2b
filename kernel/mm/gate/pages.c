/* In the gate: pages come, are parked, and go. */
#include "mm/gate/pages.h"
#include "mm/window.h"

static_assert((int)RELEASED_MAX == (int)WINDOW_PAGES, "all are zeroed in one opening");

bool user_leaf_has_rights(pte_t pte, unsigned level)
{
	return (level == 1 || level == 2) && leaf_has_rights(pte, level);
}

uint64_t page_map_raw(pte_t *entry, pte_t pte)
{
	struct frame *frame = gate_frame(pte_frame(pte));

	*frame = (struct frame){ .owner = OWNER_USER,
				 .flags = frame->flags,
				 .order = pte.value & PTE_HUGE ? HUGE_ORDER : 0,
				 .refs = 1 };
	gate_put(entry, pte);
	return GATE_DONE;
}

/* For each page fault: within its callers. */
static inline __attribute__((always_inline)) uint64_t map(const struct place *place, pte_t pte)
{
	pte_t *entry;
	uint64_t refusal = GATE_DONE;

	if (UNLIKELY(!place_is_ours(place)) && (!place_is_program(place) || place->level != 1)) {
		return GATE_NOT_OURS;
	}
	if (!leaf_has_rights(pte, place->level)) {
		return GATE_NOT_FOR_IT;
	}
	entry = gate_table_open(PLACE_ONE, place->table) + place->index;
	if (entry->value) {
		refusal = GATE_IN_USE;
	} else if (!frame_map_first(pte_frame(pte), place->level)) {
		refusal = GATE_NO_FRAME;
	} else {
		gate_put(entry, pte);
		place_used_add(place, 1);
		if (UNLIKELY(place->level == 2)) {
			root_owes_less(gate_loaded_root().pfn);
			large_is_mapped(pte_frame(pte));
		}
	}
	gate_table_close(PLACE_ONE);
	return refusal;
}

/* Who writes to a fresh page of 2 MiB, or gives it back, holds the lock of the root that it is
 * counted with. */
static __attribute__((noinline)) uint64_t map_large(uint64_t entry, pte_t pte)
{
	uint32_t loaded = gate_loaded_root().pfn;
	struct place place;
	uint64_t refusal = GATE_NO_TABLE;

	if (!place_lock_and_root(entry, loaded, &place)) {
		return GATE_NO_TABLE;
	}
	if (place.level == 2) {
		refusal = map(&place, pte);
	}
	place_unlock_and_root(&place, loaded);
	return refusal;
}

/* An empty entry, what it becomes. */
uint64_t gate_page_map(uint64_t entry, uint64_t value, uint64_t unused2, uint64_t unused3)
{
	struct place place;
	uint64_t refusal;

	(void)unused2;
	(void)unused3;
	if (!page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	if (UNLIKELY(place.level == 2)) {
		gate_unlock_root(place.root);
		return map_large(entry, (pte_t){ value });
	}
	refusal = map(&place, (pte_t){ value });
	gate_unlock_root(place.root);
	return refusal;
}

unsigned pages_park_raw(pte_t *entries, unsigned nr)
{
	unsigned nr_parked = 0;

	for (unsigned i = 0; i < nr; i++) {
		pte_t old = pte_read(&entries[i]);

		if (pte_is_present(old)) {
			gate_put(&entries[i], pte_with(pte_without(old, PTE_PRESENT), PTE_PARKED));
		}
		nr_parked += pte_holds_frame(old);
	}
	return nr_parked;
}

/* A run of pages' entries within one table; or one of a page of 2 MiB, not of a table. */
static bool is_run(const struct place *place, uint64_t nr)
{
	const pte_t *entries = direct_map_pointer(place->table);

	return nr <= RELEASED_MAX && nr <= PTES_PER_TABLE - place->index &&
	       (place->level == 1 || (nr == 1 && entries[place->index].value & PTE_HUGE));
}

/* Has its owner let it be given, or another one come in its place? */
static bool is_consented(const struct place *place, uint64_t nr)
{
	const pte_t *entries = direct_map_pointer(place->table);

	return nr == 1 && place->level == 1 && place_root_state(place) == 0 &&
	       entries[place->index].value & BITS_OF_CONSENT;
}

bool user_table_find(pfn_t root, uint64_t address, unsigned level, pfn_t *out)
{
	pfn_t table = root;

	for (unsigned above = LEVEL_MAX; above > level; above--) {
		const pte_t *entries = direct_map_pointer(table);
		pte_t link = pte_read(&entries[level_index(address, above)]);

		if (!pte_is_present(link) || pte_is_leaf(link, above)) {
			return false;
		}
		table = pte_frame(link);
	}
	*out = table;
	return true;
}

bool place_is_at(const struct place *place, uint64_t address)
{
	pfn_t table;

	return user_table_find((pfn_t){ place->root }, address, place->level, &table) &&
	       table.pfn == place->table.pfn && level_index(address, place->level) == place->index;
}

/* Pages of 4 KiB, right after they are stricter. Where there are many the flush of all comes later.
 */
static void flush_here(const struct place *place, uint64_t address, unsigned nr)
{
	struct tlb_batch pages = { address, address + nr * PAGE_SIZE };

	if (place->level == 1 && tlb_batch_is_small(&pages) && place_is_at(place, address)) {
		(void)half_flush_pages(half_hw_writable(current_here()), place->root, pages);
	}
}

/* First entry, how many, the address of the first. With how many pages there are. */
uint64_t gate_pages_park(uint64_t first, uint64_t nr, uint64_t address, uint64_t unused3)
{
	struct place place;
	uint64_t result = GATE_NOT_OURS;

	(void)unused3;
	if (!page_lock(first, &place)) {
		return GATE_NO_TABLE;
	}
	if (is_run(&place, nr) &&
	    (place_is_ours(&place) || is_loaded_nowhere(&place) || is_consented(&place, nr))) {
		pte_t *entries = gate_table_open(PLACE_ONE, place.table) + place.index;

		result = GATE_DONE | (uint64_t)pages_park_raw(entries, (unsigned)nr)
					     << GATE_VALUE_SHIFT;
		gate_table_close(PLACE_ONE);
		half_raise(place.root);
		flush_here(&place, address & ~(uint64_t)(PAGE_SIZE - 1), (unsigned)nr);
	}
	gate_unlock_root(place.root);
	return result;
}

unsigned pages_release_raw(pte_t *entries, unsigned nr, bool is_large, struct released *out)
{
	unsigned nr_gone = 0, nr_before = out->nr;

	out->order = is_large ? HUGE_ORDER : 0;
	for (unsigned i = 0; i < nr; i++) {
		pte_t old = pte_read(&entries[i]);
		pfn_t frame = pte_frame(old);

		if (!pte_holds_frame(old)) {
			continue;
		}
		gate_put(&entries[i], PTE_NONE);
		nr_gone++;
		if (frame_unmap(frame)) {
			out->frames[out->nr++] = frame;
		}
	}
	released_clean(out, nr_before);
	return nr_gone;
}

static bool is_parked(const pte_t *entries, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		if (pte_is_present(pte_read(&entries[i]))) {
			return false;
		}
	}
	return true;
}

/* May these be released? */
static uint64_t may_go(const struct place *place, const pte_t *entries, uint64_t nr)
{
	if (!is_run(place, nr)) {
		return GATE_NOT_OURS;
	}
	if (is_loaded_nowhere(place)) {
		return GATE_DONE;
	}
	if (!place_is_ours(place) || !is_parked(entries, nr)) {
		return GATE_NOT_OURS;
	}
	return half_is_complete(place->root) ? GATE_DONE : GATE_NOT_YET;
}

/* First entry, how many. With how many pages there were; what became free is this processor's
 * answer. */
uint64_t gate_pages_release(uint64_t first, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	struct place place;
	uint64_t result;
	pte_t *entries;
	unsigned nr_gone;

	(void)unused2;
	(void)unused3;
	if (!page_lock(first, &place)) {
		return GATE_NO_TABLE;
	}
	entries = gate_table_open(PLACE_ONE, place.table) + place.index;
	result = may_go(&place, entries, nr);
	if (LIKELY(result == GATE_DONE)) {
		nr_gone =
			pages_release_raw(entries, (unsigned)nr, place.level == 2, answer_begin());
		place_used_add(&place, -(int)nr_gone);
		result = GATE_DONE | (uint64_t)nr_gone << GATE_VALUE_SHIFT;
	}
	gate_table_close(PLACE_ONE);
	gate_unlock_root(place.root);
	return result;
}
