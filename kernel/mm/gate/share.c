/* In the gate: fork. What one address space shows another gets, too. */
#include "mm/gate/pages.h"
#include "mm/gate/without.h"

/*
 * A leaf as both sides have it afterwards; either says that it is not the frame's only one.
 * Private: neither may write before it has copied the page; read-only ones too, as who builds a
 * program does not ask for rights.
 */
static pte_t shared_of(pte_t old, bool is_private)
{
	uint64_t noted = PTE_ACCESSED | PTE_DIRTY;

	return is_private ? pte_with(pte_without(old, PTE_WRITABLE | noted), PTE_COPY)
			  : pte_with(old, PTE_SHARED);
}

unsigned entries_share_raw(pte_t *from, pte_t *to, unsigned nr, bool is_private)
{
	unsigned nr_given = 0;

	for (unsigned i = 0; i < nr; i++) {
		pte_t old = pte_read(&from[i]), shared = shared_of(old, is_private);

		if (pte_holds_frame(old)) {
			gate_put(&from[i], shared);
			gate_put(&to[i], pte_without(shared, BITS_OF_CONSENT));
			nr_given++;
		}
	}
	return nr_given;
}

/* May these entries of two tables be shared? The giver's are loaded, the taker's address space is
 * new. */
static bool places_fit(const struct place *from, const struct place *to, uint64_t nr)
{
	unsigned last = PTES_PER_TABLE - (unsigned)nr;

	return from->is_user && to->is_user && from->level == to->level && from->level <= 2 &&
	       from->index <= last && to->index <= last && from->root != to->root &&
	       place_is_ours(from) && place_root_state(to) == ROOT_NEW && place_is_ours(to);
}

static uint64_t share(const struct place *from, const struct place *to, unsigned nr,
		      bool is_private)
{
	pte_t *given = gate_table_open(PLACE_ONE, from->table) + from->index;
	pte_t *taken = gate_table_open(PLACE_TWO, to->table) + to->index;
	uint64_t refusal = GATE_DONE;
	unsigned nr_given = 0;

	for (unsigned i = 0; i < nr && !refusal; i++) {
		pte_t old = pte_read(&given[i]);

		if (!pte_holds_frame(old)) {
			continue;
		}
		refusal = taken[i].value                    ? GATE_IN_USE
			  : frame_map_again(pte_frame(old)) ? GATE_DONE
							    : GATE_NO_FRAME;
		nr_given += !refusal && entries_share_raw(&given[i], &taken[i], 1, is_private);
	}
	gate_table_close(PLACE_TWO);
	gate_table_close(PLACE_ONE);
	place_used_add(to, (int)nr_given);
	return refusal | (uint64_t)nr_given << GATE_VALUE_SHIFT;
}

/* first entry of either, how many, are they private? With how many there were. */
uint64_t gate_entries_share(uint64_t from_at, uint64_t to_at, uint64_t nr, uint64_t is_private)
{
	struct place from, to;
	uint64_t result = GATE_NOT_OURS;

	if (nr > PTES_PER_TABLE || !place_lock_two(from_at, to_at, &from, &to)) {
		return GATE_NOT_OURS;
	}
	if (places_fit(&from, &to, nr)) {
		gate_hold_place(&from);
		result = share(&from, &to, (unsigned)nr, is_private);
	}
	place_unlock_two(&from, &to);
	return result;
}
