/* In the gate: page tables that nothing leads to yet: emptied, or made the roots of an address
 * space. */
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/gate/operations.h"
#include "mm/ptable.h"

/* Nothing leads to it, so that nothing is lost. */
static bool is_loose(uint64_t at)
{
	pfn_t table = { (uint32_t)at };

	return at < nr_frames && pfn_is_valid(table) && table_is_loose(frame_entry(table));
}

/* first, how many. */
uint64_t gate_tables_clear(uint64_t first, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	(void)unused2;
	(void)unused3;
	for (uint64_t at = first; at < first + nr; at++) {
		if (!is_loose(at)) {
			return GATE_IN_USE;
		}
		memset(gate_table_open(PLACE_ONE, (pfn_t){ (uint32_t)at }), 0, PAGE_SIZE);
		gate_table_close(PLACE_ONE);
	}
	return GATE_DONE;
}

/* Of a new root, number says who makes it: which root was loaded then. Of others it is their own.
 */
static uint32_t maker(pfn_t root) { return gate_is_shut() ? gate_loaded_root().pfn : root.pfn; }

/*
 * The life of a root: made or taken from a stock, filled by its maker and nobody else, and
 * published by him; dying, and idle. Its user half is empty at both ends. The shadow root goes with
 * it.
 */
static bool may_change(struct frame from, unsigned to)
{
	unsigned before = from.flags & ROOT_STATES;
	bool is_new = before == ROOT_NEW && (!gate_is_shut() || root_is_made_here(from));

	switch (to) {
	case ROOT_NEW: return before == ROOT_IDLE;
	case ROOT_DYING:
		return before == 0 && (!gate_is_shut() || gate_loaded_root().pfn == from.number);
	case ROOT_IDLE: return from.nr_used == 0 && (is_new || before == ROOT_DYING);
	default: return to == 0 && is_new;
	}
}

/* The root, its state from now on: of enum table_flags. */
uint64_t gate_root_change(uint64_t number, uint64_t state, uint64_t unused2, uint64_t unused3)
{
	pfn_t root = { (uint32_t)number };
	union frame_word from, to;

	(void)unused2;
	(void)unused3;
	if (number >= nr_frames || !pfn_is_valid(root)) {
		return GATE_NO_FRAME;
	}
	from.frame = *frame_entry(root);
	if (from.frame.owner != OWNER_PTABLE || table_level(&from.frame) != LEVEL_MAX ||
	    from.frame.flags & TABLE_SHADOW || !(from.frame.flags & TABLE_LINKED) ||
	    !may_change(from.frame, (unsigned)state)) {
		return GATE_NO_CHANGE;
	}
	to = from;
	to.frame.flags = (uint8_t)((from.frame.flags & ~ROOT_STATES) | state);
	to.frame.number = state == ROOT_NEW ? maker(root) : root.pfn;
	return __atomic_compare_exchange_n((uint64_t *)gate_frame(root), &from.word, to.word, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)
		       ? GATE_DONE
		       : GATE_IN_USE;
}

/* The first of two. What comes before the mappings are their states. */
uint64_t gate_root_make(uint64_t first, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	enum { HALF = PTES_PER_TABLE / 2 };
	pfn_t root = { (uint32_t)first }, shadow = { (uint32_t)first + 1 };
	pte_t *entries;

	(void)unused1;
	(void)unused2;
	(void)unused3;
	if (first % 2 || !is_loose(first) || !is_loose(first + 1)) {
		return GATE_IN_USE;
	}
	*gate_frame(root) = (struct frame){ .owner = OWNER_PTABLE,
					    .flags = LEVEL_MAX | TABLE_LINKED | ROOT_NEW,
					    .number = maker(root) };
	*gate_frame(shadow) = (struct frame){ .owner = OWNER_PTABLE,
					      .flags = LEVEL_MAX | TABLE_LINKED | TABLE_SHADOW,
					      .number = root.pfn };
	entries = gate_table_open(PLACE_ONE, root);
	memcpy(entries + HALF, (const pte_t *)direct_map_pointer(kernel_root) + HALF,
	       HALF * sizeof(pte_t));
	gate_table_close(PLACE_ONE);
	gate_table_open(PLACE_ONE, shadow)[ptable_shadow_index] = ptable_shadow_entry;
	gate_table_close(PLACE_ONE);
	return GATE_DONE;
}
