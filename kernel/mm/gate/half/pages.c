/* In the gate: pages come, are parked, and go. */
#include "mm/gate/half/pages.h"
#include "mm/gate/tables.h"

static_assert((int)RELEASED_MAX == (int)WINDOW_PAGES, "all are zeroed in one opening");

bool user_leaf_has_rights(pte_t pte, unsigned level)
{
	return (level == 1 || level == 2) && leaf_has_rights(pte, level);
}

static uint64_t map(const struct place *place, pte_t pte)
{
	pte_t *entry;
	uint64_t refusal = GATE_DONE;

	if (!place_is_ours(place) && (!place_is_program(place) || place->level != 1)) {
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
		if (place->level == 2) {
			root_owes_less(gate_loaded_root().pfn);
			large_is_mapped(pte_frame(pte));
		}
	}
	gate_table_close(PLACE_ONE);
	return refusal;
}

/* Who writes to a fresh page of 2 MiB, or gives it back, holds the lock of the root that it is
 * counted with. */
static uint64_t map_large(uint64_t entry, pte_t pte)
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

/* Whatever may be mapped, and what the refusal is. */
static __attribute__((noinline)) uint64_t map_slowly(uint64_t entry, uint64_t value)
{
	struct place place;
	uint64_t refusal;

	if (!page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	if (place.level == 2) {
		gate_unlock_root(place.root);
		return map_large(entry, (pte_t){ value });
	}
	refusal = map(&place, (pte_t){ value });
	gate_unlock_root(place.root);
	return refusal;
}

static inline uint64_t rotate_right(uint64_t value, unsigned nr_bits)
{
	return value >> nr_bits | value << (64 - nr_bits);
}

/* What most pages' entries have beside the frame. */
#define USUAL_BITS (PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_NO_EXECUTE)

/* Of a table and a frame that there are, a usual entry. */
static inline __attribute__((always_inline)) uint64_t
map_known(uint64_t entry_at, uint64_t value, uint64_t table_number, uint64_t frame, bool in_window)
{
	struct frame *all = gate_frame((pfn_t){ 0 });
	uint64_t root = gate_loaded_root().pfn, word;
	struct frame *pair = &all[root], *table = &all[table_number];
	bool is_done = false;

	if (UNLIKELY(!gate_lock_loaded(&pair[1]))) {
		return map_slowly(entry_at, value);
	}
	word = __atomic_load_n((uint64_t *)table, __ATOMIC_ACQUIRE);
	if (LIKELY(!(pair->flags & ROOT_STATES) && (uint16_t)word == TABLE_OF_PAGES(1) &&
		   word >> 32 == root)) {
		pte_t *entry = (pte_t *)entry_at;

		if (in_window) {
			entry = place_open(PLACE_ONE, (pfn_t){ (uint32_t)table_number }) +
				entry_at % PAGE_SIZE / sizeof(pte_t);
		}
		is_done = LIKELY(!entry->value &&
				 gate_word_change((uint64_t *)&all[frame], FRAME_FREE_HIDDEN,
						  FRAME_MAPPED_ONCE));
		if (is_done) {
			gate_put(entry, (pte_t){ value });
			__atomic_fetch_add(&table->nr_used, 1, __ATOMIC_RELAXED);
		}
		if (in_window) {
			place_close(PLACE_ONE);
		}
	}
	gate_unlock_loaded(&pair[1]);
	return LIKELY(is_done) ? (uint64_t)GATE_DONE : map_slowly(entry_at, value);
}

/* One of the frames lies behind a hole in the frame table, or there is none. */
static __attribute__((noinline)) uint64_t map_behind_hole(uint64_t entry_at, uint64_t value,
							  uint64_t table, uint64_t frame)
{
	if (MAX(table, frame) < nr_frames && pfn_is_valid((pfn_t){ (uint32_t)table }) &&
	    pfn_is_valid((pfn_t){ (uint32_t)frame })) {
		return map_known(entry_at, value, table, frame, gate_in_force == ptprot_window);
	}
	return map_slowly(entry_at, value);
}

/*
 * Most page faults are this: a page of 4 KiB, writable, in a table of the root that is loaded,
 * which is published, gets a frame that is free, hidden and zero. Each question of map_slowly is
 * one comparison here; what has another answer is its affair, refusals too. As the lock is that of
 * the loaded root, whatever the table says, the table is asked once, under the lock.
 */
static inline __attribute__((always_inline)) uint64_t map_quickly(uint64_t entry_at, uint64_t value,
								  bool in_window)
{
	/* What is no address of an entry, or has any other bits than those, is far beyond the last
	 * frame: bits that should be 0 come to the top. */
	uint64_t table = rotate_right(entry_at - direct_map_base, 3) / PTES_PER_TABLE;
	uint64_t frame = rotate_right(value ^ USUAL_BITS, PAGE_SHIFT);

	if (UNLIKELY(table >= nr_frames_unbroken || frame >= nr_frames_unbroken)) {
		return map_behind_hole(entry_at, value, table, frame);
	}
	return map_known(entry_at, value, table, frame, in_window);
}

/* An empty entry, what it becomes. */
uint64_t gate_page_map(uint64_t entry, uint64_t value, uint64_t unused2, uint64_t unused3)
{
	(void)unused2;
	(void)unused3;
	return map_quickly(entry, value, false);
}

/* The same with ptprot=window. */
uint64_t gate_page_map_in_window(uint64_t entry, uint64_t value, uint64_t unused2, uint64_t unused3)
{
	(void)unused2;
	(void)unused3;
	return map_quickly(entry, value, true);
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
