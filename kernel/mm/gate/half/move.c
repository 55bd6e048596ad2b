/* In the gate: pages that keep their frame and get another place, in their own address space or in
 * another. They are parked before. */
#include "mm/gate/half/pages.h"

/* As the other place has it. Who moves it says whether its region may be used. */
static pte_t moved(pte_t parked, bool is_present)
{
	pte_t pte = pte_without(parked, BITS_OF_CONSENT);

	return is_present ? pte_with(pte_without(pte, PTE_PARKED), PTE_PRESENT) : pte;
}

unsigned pages_move_raw(pte_t *from, pte_t *to, unsigned nr, bool is_present)
{
	unsigned nr_moved = 0;

	for (unsigned i = 0; i < nr; i++) {
		pte_t old = pte_read(&from[i]);

		if (pte_holds_frame(old)) {
			gate_put(&from[i], PTE_NONE);
			gate_put(&to[i], moved(old, is_present));
			nr_moved++;
		}
	}
	return nr_moved;
}

/* To entries that have nothing, as pages may be. */
static uint64_t may_move(const pte_t *from, const pte_t *to, uint64_t nr, bool is_present)
{
	for (uint64_t i = 0; i < nr; i++) {
		pte_t old = pte_read(&from[i]);

		if (pte_holds_frame(old) && (pte_is_present(old) || pte_read(&to[i]).value)) {
			return GATE_IN_USE;
		}
		if (pte_holds_frame(old) && !leaf_has_rights(moved(old, is_present), 1)) {
			return GATE_NOT_FOR_IT;
		}
	}
	return GATE_DONE;
}

static uint64_t move(const struct place *from, const struct place *to, uint64_t nr, bool is_present)
{
	pte_t *left = gate_table_open(PLACE_ONE, from->table) + from->index;
	pte_t *taken = gate_table_open(PLACE_TWO, to->table) + to->index;
	uint64_t refusal = may_move(left, taken, nr, is_present);

	if (!refusal) {
		int nr_moved = (int)pages_move_raw(left, taken, (unsigned)nr, is_present);

		place_used_add(from, -nr_moved);
		place_used_add(to, nr_moved);
	}
	gate_table_close(PLACE_TWO);
	gate_table_close(PLACE_ONE);
	return refusal;
}

static bool is_run(const struct place *place, uint64_t nr)
{
	return place->level == 1 && nr <= PTES_PER_TABLE - place->index;
}

/* First entry of either, how many, are their pages present again? */
uint64_t gate_pages_move(uint64_t from_at, uint64_t to_at, uint64_t nr, uint64_t is_present)
{
	struct place from, to;
	uint64_t refusal = GATE_NOT_OURS;

	if (!place_lock_two(from_at, to_at, &from, &to)) {
		return GATE_NO_TABLE;
	}
	/* not further than they are apart: each entry is looked at once */
	if (from.root == to.root && place_is_ours(&from)) {
		bool is_apart = from.table.pfn != to.table.pfn ||
				MAX(from.index, to.index) - MIN(from.index, to.index) >= nr;

		refusal = is_run(&from, nr) && is_run(&to, nr) && is_apart
				  ? move(&from, &to, nr, is_present)
				  : (uint64_t)GATE_NO_TABLE;
	}
	place_unlock_two(&from, &to);
	return refusal;
}

/* Was this page's owner asked while he was current? He is, or his entry says so. */
static bool is_agreed(const struct place *place, pte_t pte, uint64_t consent)
{
	return place_is_ours(place) || (place_root_state(place) == 0 && pte.value & consent);
}

int page_give_raw(pte_t *from, pte_t *to, struct released *out)
{
	pte_t given = pte_read(from);
	bool was_empty = !pte_holds_frame(pte_read(to));

	out->nr = 0;
	(void)pages_release_raw(to, 1, false, out);
	gate_put(from, PTE_NONE);
	gate_put(to, moved(given, true));
	return was_empty;
}

static uint64_t give(const struct place *from, pte_t *given_at, const struct place *to,
		     pte_t *taken_at)
{
	pte_t given = pte_read(given_at), there = pte_read(taken_at);
	int nr_more;

	if (!is_agreed(from, given, PTE_OFFERED) || !is_agreed(to, there, PTE_ACCEPTS)) {
		return GATE_NOT_OURS;
	}
	if (!half_is_complete(from->root) || !half_is_complete(to->root)) {
		return GATE_NOT_YET;
	}
	if (!pte_holds_frame(given) || pte_is_present(given) || pte_is_present(there) ||
	    (from->table.pfn == to->table.pfn && from->index == to->index)) {
		return GATE_IN_USE;
	}
	/* nobody else names it, so that it has one owner afterwards too */
	if (given.value & (PTE_COPY | PTE_SHARED) || !pte_is_writable(given) ||
	    !leaf_has_rights(moved(given, true), 1)) {
		return GATE_NOT_FOR_IT;
	}
	nr_more = page_give_raw(given_at, taken_at, answer_begin());
	place_used_add(from, -1);
	place_used_add(to, nr_more);
	return GATE_DONE;
}

/* The giver's entry, the taker's. What was there becomes free: the answer. */
uint64_t gate_page_give(uint64_t from_at, uint64_t to_at, uint64_t unused2, uint64_t unused3)
{
	struct place from, to;
	uint64_t refusal = GATE_NO_TABLE;

	(void)unused2;
	(void)unused3;
	if (!place_lock_two(from_at, to_at, &from, &to)) {
		return GATE_NO_TABLE;
	}
	if (from.level == 1 && to.level == 1) {
		pte_t *given_at = gate_table_open(PLACE_ONE, from.table) + from.index;
		pte_t *taken_at = gate_table_open(PLACE_TWO, to.table) + to.index;

		refusal = give(&from, given_at, &to, taken_at);
		gate_table_close(PLACE_TWO);
		gate_table_close(PLACE_ONE);
	}
	place_unlock_two(&from, &to);
	return refusal;
}

static uint64_t consent(pte_t *at, uint64_t mark)
{
	pte_t pte = pte_without(pte_read(at), BITS_OF_CONSENT);
	bool is_right = pte_is_present(pte) && pte_is_writable(pte) && !(pte.value & PTE_SHARED);

	if (mark && !is_right) {
		return GATE_NOT_FOR_IT;
	}
	gate_put(at, pte_with(pte, mark));
	return GATE_DONE;
}

/* The entry of a page: it is offered, or accepts another, or neither: PTE_OFFERED, PTE_ACCEPTS, 0.
 */
uint64_t gate_page_consent(uint64_t entry, uint64_t mark, uint64_t unused2, uint64_t unused3)
{
	struct place place;
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused2;
	(void)unused3;
	if ((mark != 0 && mark != PTE_OFFERED && mark != PTE_ACCEPTS) ||
	    !page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	if (place.level == 1 && place_root_state(&place) == 0 && place_is_ours(&place)) {
		refusal = consent(gate_table_open(PLACE_ONE, place.table) + place.index, mark);
		gate_table_close(PLACE_ONE);
	}
	gate_unlock_root(place.root);
	return refusal;
}
