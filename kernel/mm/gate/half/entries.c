/* In the gate: entries of page tables change. What there is of a user half stays the same frame:
 * frames come and go by operations of their own. */
#include "mm/gate/half/entries.h"

#include "mm/frame/direct_map.h"
#include "mm/gate/half/pages.h"
#include "mm/table/ptable.h"

/* A leaf of the user half shows a user's page, and is never writable and executable. */
static bool user_leaf_is_right(pte_t pte, unsigned level)
{
	pfn_t frame = pte_frame(pte);
	const struct frame *entry = frame_entry(frame);

	return user_leaf_has_rights(pte, level) && pfn_is_valid(frame) &&
	       entry->owner == OWNER_USER && !(entry->flags & (FRAME_TAIL | FRAME_FRESH)) &&
	       entry->order == (level == 2 ? HUGE_ORDER : 0);
}

static bool runs(pte_t pte) { return pte_is_present(pte) && pte_is_executable(pte); }

static uint64_t user_leaf_change(const struct place *place, pte_t old, pte_t new)
{
	uint64_t others = PTE_COPY | PTE_SHARED, lost = others & old.value & ~new.value;

	if (!place_is_ours(place)) {
		return GATE_NOT_OURS;
	}
	if (!is_loaded_nowhere(place) && !runs(old) && runs(new)) {
		if (pte_is_present(old) && pte_is_writable(old)) {
			return GATE_NOT_FOR_IT;
		}
		/* no TLB lets anybody write to what runs */
		if (!half_is_complete(place->root)) {
			return GATE_NOT_YET;
		}
	}
	/* while others may name the frame, the entry says so */
	return pte_holds_frame(old) && pte_holds_frame(new) &&
			       pte_frame(old).pfn == pte_frame(new).pfn &&
			       user_leaf_is_right(new, place->level) &&
			       (!lost || frame_entry(pte_frame(old))->refs == 1)
		       ? GATE_DONE
		       : GATE_NOT_FOR_IT;
}

static bool is_link(pte_t pte, unsigned level)
{
	return level > 1 && pte_is_present(pte) && !pte_is_leaf(pte, level);
}

/* The table that was reserved for the large page of the direct map that begins here. All others are
 * linked by links.c. */
static bool is_reserved_for(const struct place *place, pfn_t child)
{
	const struct frame *table = frame_entry(child);

	return pfn_is_valid(child) && table->owner == OWNER_PTABLE && table_is_reserved(table) &&
	       !place->is_user && place->level == 2 &&
	       direct_map_address((pfn_t){ table->number }) == place->address;
}

/* May a table that was reserved for the direct map say this of a frame? Most are free, and shown.
 */
static bool is_right_of(pfn_t frame, pte_t pte)
{
	struct frame state = *frame_entry(frame);

	if (state.owner == OWNER_FREE && !state.flags && pte.value == direct_map_pte(frame).value) {
		return true;
	}
	return !pte.value ||
	       (pte_is_present(pte) && kernel_leaf_is_right(pte, direct_map_address(frame), 1));
}

/* Its entries were written while nothing led to it: frames may be others' by now. */
static bool is_right_still(pfn_t child)
{
	const pte_t *entries = direct_map_pointer(child);
	pfn_t first = { frame_entry(child)->number };

	for (uint32_t i = 0; i < PTES_PER_TABLE; i++) {
		if (!is_right_of(pfn_add(first, i), entries[i])) {
			return false;
		}
	}
	return true;
}

static bool link_reserved(pfn_t table)
{
	uint8_t before = frame_entry(table)->flags;

	return !(before & TABLE_LINKED) &&
	       __atomic_compare_exchange_n(&gate_frame(table)->flags, &before,
					   before | TABLE_LINKED, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE);
}

/* What a table of a user half waits for whose link went: for nothing, where no processor walks that
 * any more, but this one, which flushes. */
static uint32_t number_of_walkers(const struct place *place)
{
	if (is_loaded_nowhere(place)) {
		return 0;
	}
	half_raise(place->root);
	half_flush(half_hw_writable(current_here()), place->root);
	return half_is_complete(place->root) ? 0 : gate_number_next();
}

/* The table has no place any more: it is as clean as it is empty. It waits for who may still look
 * into it. */
static void table_went(const struct place *place, pfn_t table)
{
	struct frame *frame = gate_frame(table);

	if (table_is_reserved(frame)) {
		__atomic_fetch_and(&frame->flags, (uint8_t)~TABLE_LINKED, __ATOMIC_RELEASE);
		return;
	}
	*(volatile uint64_t *)frame = FRAME_WORD(.owner = OWNER_PTABLE, .flags = TABLE_CLEAN,
						 .number = place->is_user ? number_of_walkers(place)
									  : gate_number_next());
}

/* directmap=2m: a page is split, into the same rights. */
static uint64_t split(const struct place *place, pte_t new)
{
	pfn_t child = pte_frame(new);

	if (new.value != pte_make(child, PTE_PRESENT | PTE_WRITABLE).value ||
	    !is_reserved_for(place, child) || !is_right_still(child)) {
		return GATE_NOT_FOR_IT;
	}
	return link_reserved(child) ? GATE_DONE : GATE_IN_USE;
}

/* Whoever takes a user half apart changes it, too: nothing comes to it. */
static bool may_unlink(const struct place *place)
{
	return !place->is_user || place_root_state(place) == ROOT_DYING || place_is_ours(place);
}

/* An entry that leads to a table leads to none, or is a large page again; and mitigate changes what
 * user halves may do in the kernel's roots. */
static uint64_t link_goes(const struct place *place, pte_t old, pte_t new)
{
	const struct frame *table = frame_entry(pte_frame(old));
	bool is_joined = pte_is_present(new) && is_reserved_for(place, pte_frame(old));

	/* the processor notes in either root of the pair that it was there */
	if (place->is_user && place->level == LEVEL_MAX &&
	    !((old.value ^ new.value) & ~(PTE_NO_EXECUTE | PTE_ACCESSED))) {
		return GATE_DONE;
	}
	if (place->is_frozen) {
		return GATE_NO_TABLE;
	}
	if (!may_unlink(place)) {
		return GATE_NOT_OURS;
	}
	if (new.value && !(is_joined && pte_is_leaf(new, place->level) &&
			   kernel_leaf_is_right(new, place->address, place->level))) {
		return GATE_NOT_FOR_IT;
	}
	return !table->nr_used || table_is_reserved(table) ? GATE_DONE : GATE_IN_USE;
}

/* The new value, held against what is there; the tables on either side know of each other. */
static uint64_t change(const struct place *place, pte_t old, pte_t new)
{
	if (new.value == old.value) {
		return GATE_DONE;
	}
	if (is_link(old, place->level)) {
		return link_goes(place, old, new);
	}
	if (is_link(new, place->level)) {
		return split(place, new);
	}
	return place->is_user ? user_leaf_change(place, old, new)
			      : kernel_leaf_change(place, old, new);
}

/* One that was reserved, and that nothing leads to. Processors that walked it may do so still. */
static bool is_unlinked(const struct place *place)
{
	const struct frame *table = frame_entry(place->table);

	return table_is_reserved(table) && !(table->flags & TABLE_LINKED);
}

static uint64_t fill_unlinked(const struct place *at, pte_t *entries, uint64_t nr, pte_t pte)
{
	pfn_t frame = { frame_entry(at->table)->number + at->index };

	for (uint64_t i = 0; i < nr; i++, frame.pfn++) {
		if (!is_right_of(frame, pte)) {
			return GATE_NOT_FOR_IT;
		}
		gate_put(&entries[at->index + i], pte);
		pte.value += pte_is_present(pte) ? PAGE_SIZE : 0;
	}
	return GATE_DONE;
}

static uint64_t fill(const struct place *at, pte_t *entries, uint64_t nr, pte_t pte)
{
	uint64_t step = 1ul << level_shift(MAX(at->level, 1u)), refusal = GATE_DONE;
	struct place place = *at;
	int nr_more = 0;

	for (uint64_t i = 0; i < nr; i++, place.index++, place.address += step) {
		pte_t old = pte_read(&entries[place.index]);

		refusal = change(&place, old, pte);
		if (refusal) {
			break;
		}
		place_put(&place, entries, pte);
		if (is_link(old, place.level) && !is_link(pte, place.level)) {
			table_went(&place, pte_frame(old));
		} else if (!place.is_user) {
			kernel_leaf_went(&place, old, pte);
		} else if (!is_link(old, place.level) && pte_is_stricter(old, pte)) {
			half_raise(place.root);
		}
		nr_more += !!pte.value - !!old.value;
		pte.value += pte_is_present(pte) ? step : 0;
	}
	place_used_add(&place, nr_more);
	return refusal;
}

/* Of one table, and alike in whose half they are and what may become of them. */
static bool is_run(const struct place *place, uint64_t nr)
{
	uint64_t last = place->address + (nr - 1) * PAGE_SIZE;

	if (nr == 1 || place->is_user || place->level != 1) {
		return nr == 1;
	}
	return nr && nr <= PTES_PER_TABLE - place->index &&
	       policy_view_of(last) == policy_view_of(place->address) &&
	       (place->is_frozen || place_may_change(last));
}

/* first entry, how many, the first one's value. */
uint64_t gate_entries_fill(uint64_t first, uint64_t nr, uint64_t value, uint64_t unused3)
{
	struct place place;
	uint64_t refusal = GATE_NO_TABLE;

	(void)unused3;
	if (!place_lock(first, &place)) {
		return GATE_NO_TABLE;
	}
	if (is_run(&place, nr)) {
		refusal = (is_unlinked(&place) ? fill_unlinked : fill)(
			&place, gate_table_open(PLACE_ONE, place.table), nr, (pte_t){ value });
		gate_table_close(PLACE_ONE);
	}
	place_unlock(&place);
	return refusal;
}

/* entry, value. */
uint64_t gate_entry_set(uint64_t entry, uint64_t value, uint64_t unused2, uint64_t unused3)
{
	(void)unused2;
	(void)unused3;
	return gate_entries_fill(entry, 1, value, 0);
}
