/* In the gate: fork. What one address space shows another gets, too. */
#include "mm/frame/window.h"
#include "mm/gate/half/pages.h"
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

/* In both tables. True: the giver could write there until now. */
static inline bool entry_share(pte_t *from, pte_t *to, pte_t old, bool is_private)
{
	pte_t shared = shared_of(old, is_private);

	gate_put(from, shared);
	gate_put(to, pte_without(shared, BITS_OF_CONSENT));
	return pte_is_writable(old) && !pte_is_writable(shared);
}

struct shared entries_share_raw(pte_t *from, pte_t *to, unsigned nr, bool is_private)
{
	struct shared result = { 0 };

	for (unsigned i = 0; (i += ptes_skip_empty(&from[i], nr - i)) < nr; i++) {
		pte_t old = pte_read(&from[i]);

		if (pte_holds_frame(pte_read(&to[i]))) {
			continue;
		}
		(void)frame_count(pte_frame(old), 1);
		result.is_stricter |= entry_share(&from[i], &to[i], old, is_private);
		result.nr++;
	}
	return result;
}

/* May these entries of two tables be shared? The giver's are loaded, the taker's address space is
 * new. */
static bool places_fit(const struct place *from, const struct place *to, uint64_t nr)
{
	unsigned last = PTES_PER_TABLE - (unsigned)nr;

	return from->level == to->level && from->level <= 2 && from->index <= last &&
	       to->index <= last && from->root != to->root && place_is_ours(from) &&
	       place_root_state(to) == ROOT_NEW && place_is_ours(to);
}

/* What share leaves above its refusal: how many there were, and in this bit whether one of the
 * giver's may be written no more. */
enum { SHARED_STRICTER = 1 << 16 };

static uint64_t share(const struct place *from, const struct place *to, unsigned nr,
		      bool is_private)
{
	pte_t *given = gate_table_open(PLACE_ONE, from->table) + from->index;
	pte_t *taken = gate_table_open(PLACE_TWO, to->table) + to->index;
	uint64_t refusal = GATE_DONE, stricter = 0;
	unsigned nr_given = 0;

	for (unsigned i = 0; !refusal && (i += ptes_skip_empty(&given[i], nr - i)) < nr; i++) {
		pte_t old = pte_read(&given[i]);

		if (taken[i].value) {
			continue;
		}
		refusal = frame_map_again(pte_frame(old)) ? GATE_DONE : GATE_NO_FRAME;
		if (!refusal && entry_share(&given[i], &taken[i], old, is_private)) {
			stricter = SHARED_STRICTER;
		}
		nr_given += !refusal;
	}
	gate_table_close(PLACE_TWO);
	gate_table_close(PLACE_ONE);
	place_used_add(to, (int)nr_given);
	if (stricter) {
		half_raise(from->root);
	}
	return refusal | (nr_given | stricter) << GATE_VALUE_SHIFT;
}

struct shared shared_in(uint64_t result)
{
	uint64_t value = result >> GATE_VALUE_SHIFT;

	return (struct shared){ .nr = (unsigned)(value & (SHARED_STRICTER - 1)),
				.is_stricter = value & SHARED_STRICTER };
}

/* first entry of either, how many, are they private? */
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

/* As the giver has it, but for what says that it has others. */
static pte_t cloned(pte_t old, pfn_t copy)
{
	uint64_t kept = PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_NO_EXECUTE;

	return pte_make(copy, old.value & kept);
}

void page_clone_raw(pte_t *from, pte_t *to, pfn_t copy)
{
	pte_t old = pte_read(from);

	window_copy(copy, pte_frame(old), 0);
	page_map_raw(to, cloned(old, copy));
}

static uint64_t clone(const struct place *from, const struct place *to, pfn_t copy)
{
	const pte_t *given = direct_map_pointer(from->table);
	pte_t old = pte_read(&given[from->index]);
	pte_t *taken = gate_table_open(PLACE_ONE, to->table) + to->index;
	uint64_t refusal = GATE_DONE;

	if (!pte_is_present(old) || !pte_is_writable(old)) {
		refusal = GATE_NOT_FOR_IT;
	} else if (taken->value) {
		refusal = GATE_IN_USE;
	} else if (!frame_map_first(copy, 1)) {
		refusal = GATE_NO_FRAME;
	} else {
		gate_copy(copy, pte_frame(old), 1);
		gate_put(taken, cloned(old, copy));
		place_used_add(to, 1);
	}
	gate_table_close(PLACE_ONE);
	return refusal;
}

/* The entry of a page that may be written, one that gets a copy of it, the frame for that. */
uint64_t gate_page_clone(uint64_t from_at, uint64_t to_at, uint64_t copy, uint64_t unused3)
{
	struct place from, to;
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused3;
	if (!place_lock_two(from_at, to_at, &from, &to)) {
		return GATE_NO_TABLE;
	}
	if (from.level == 1 && places_fit(&from, &to, 1)) {
		refusal = clone(&from, &to, (pfn_t){ (uint32_t)copy });
	}
	place_unlock_two(&from, &to);
	return refusal;
}
