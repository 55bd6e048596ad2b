/*
 * In the gate: pages of pools are sealed. First nothing may be written where they are mapped; once
 * no processor can write there any more, the frame table says that they are sealed.
 */
#include "mm/frame/direct_map.h"
#include "mm/gate/half/entries.h"
#include "mm/table/ptable.h"

bool pool_pages_seal_raw(pte_t *entries, unsigned nr)
{
	bool is_done = true;

	for (unsigned i = 0; i < nr; i++) {
		pte_t pte = pte_read(&entries[i]);

		if (pte_is_writable(pte)) {
			gate_put(&entries[i], pte_without(pte, PTE_WRITABLE));
			is_done = false;
		}
	}
	for (unsigned i = 0; i < nr && is_done; i++) {
		frame_entry(pte_frame(pte_read(&entries[i])))->flags |= FRAME_SEALED;
	}
	return is_done;
}

static bool seal_frame(pfn_t frame)
{
	union frame_word from = { .frame = *frame_entry(frame) }, to = from;

	to.frame.flags |= FRAME_SEALED;
	return from.frame.owner == OWNER_POOL &&
	       __atomic_compare_exchange_n((uint64_t *)gate_frame(frame), &from.word, to.word,
					   false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static bool is_pools(pte_t pte)
{
	return pte_is_present(pte) && pfn_is_valid(pte_frame(pte)) &&
	       frame_entry(pte_frame(pte))->owner == OWNER_POOL;
}

/* They are read-only from now on. True: some were not. */
static bool close(pte_t *entries, uint64_t nr)
{
	bool has_changed = false;

	for (uint64_t i = 0; i < nr; i++) {
		pte_t pte = pte_read(&entries[i]);

		if (pte_is_writable(pte)) {
			gate_put(&entries[i], pte_without(pte, PTE_WRITABLE));
			has_changed = true;
		}
	}
	return has_changed;
}

static uint64_t seal(pte_t *entries, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		if (!is_pools(pte_read(&entries[i]))) {
			return GATE_NOT_FOR_IT;
		}
	}
	if (close(entries, nr)) {
		gate_pools_changed();
	}
	if (!gate_pools_are_settled()) {
		return GATE_NOT_YET;
	}
	for (uint64_t i = 0; i < nr; i++) {
		if (!seal_frame(pte_frame(pte_read(&entries[i])))) {
			return GATE_IN_USE;
		}
	}
	return GATE_DONE;
}

/* First entry, how many of that table. Asked again after a wait. */
uint64_t gate_pool_seal(uint64_t first, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	struct place place;
	uint64_t refusal = GATE_NO_TABLE;

	(void)unused2;
	(void)unused3;
	if (!place_lock(first, &place)) {
		return GATE_NO_TABLE;
	}
	if (!place.is_user && !place.is_frozen && place.level == 1 &&
	    policy_view_of(place.address) == VIEW_POOLS && nr <= RELEASED_MAX &&
	    nr <= PTES_PER_TABLE - place.index) {
		refusal = seal(gate_table_open(PLACE_ONE, place.table) + place.index, nr);
		gate_table_close(PLACE_ONE);
	}
	place_unlock(&place);
	return refusal;
}
