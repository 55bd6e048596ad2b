/* In the gate: an empty page table gets its one parent. */
#include "mm/gate/operations.h"

/* What tables between a root and a page let through: everything. */
static pte_t link_to(pfn_t table, bool is_user)
{
	return pte_make(table, PTE_PRESENT | PTE_WRITABLE | (is_user ? PTE_USER : 0));
}

/* Of the table that lies below this entry. */
static struct frame state_at(const struct place *place)
{
	return (struct frame){
		.owner = OWNER_PTABLE,
		.flags = (uint8_t)((place->level - 1) | TABLE_LINKED |
				   (place->is_user ? TABLE_USER : 0)),
		.number =
			place->is_user ? place->root : (uint32_t)(place->address >> level_shift(2)),
	};
}

void table_link_raw(pte_t *entry, pfn_t table)
{
	struct place place;

	if (place_find((uint64_t)entry, &place) && place.level) {
		*gate_frame(table) = state_at(&place);
	}
}

/* The table's state says where it is from now on. False: it is in use, or no table. */
static bool take(const struct place *place, pfn_t table)
{
	union frame_word before, after;

	if (!pfn_is_valid(table)) {
		return false;
	}
	before.word = __atomic_load_n((const uint64_t *)frame_entry(table), __ATOMIC_ACQUIRE);
	after.frame = state_at(place);
	if (gate_is_shut() &&
	    (!table_is_clean(&before.frame) ||
	     (before.frame.number && !gate_number_is_complete(before.frame.number)))) {
		return false;
	}
	return table_is_loose(&before.frame) &&
	       __atomic_compare_exchange_n((uint64_t *)gate_frame(table), &before.word, after.word,
					   false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static uint64_t link(const struct place *place, pfn_t table)
{
	pte_t *entries;
	uint64_t refusal = GATE_DONE;

	/* an empty table does nobody any harm, whosever the address space is */
	if (place->level < 2 || place->is_frozen) {
		return GATE_NO_TABLE;
	}
	entries = gate_table_open(PLACE_ONE, place->table);
	if (entries[place->index].value || !take(place, table)) {
		refusal = GATE_IN_USE;
	} else {
		place_put(place, entries, link_to(table, place->is_user));
		place_used_add(place, 1);
	}
	gate_table_close(PLACE_ONE);
	return refusal;
}

/* An empty entry, the table. */
uint64_t gate_table_link(uint64_t entry, uint64_t table, uint64_t unused2, uint64_t unused3)
{
	struct place place;
	uint64_t refusal;

	(void)unused2;
	(void)unused3;
	if (!place_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	refusal = link(&place, (pfn_t){ (uint32_t)table });
	place_unlock(&place);
	return refusal;
}
