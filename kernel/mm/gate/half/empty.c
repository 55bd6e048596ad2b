/*
 * In the gate: the end of a user half that no processor has loaded. Pages go, and with a table's
 * last page the table. Told are addresses; the tables are found from the root.
 */
#include "mm/gate/half/pages.h"
#include "mm/table/layout.h"

/* Assertions make each page several times as long. */
enum { PAGES_AT_ONCE = ASSERTIONS ? RELEASED_MAX / 4 : RELEASED_MAX };

/* Where an address leads, as far down as there are tables. */
struct way {
	struct place at[LEVEL_MAX + 1]; /* by level */
	unsigned level;                 /* of the lowest table */
};

static pte_t *entry_at(const struct place *place)
{
	return (pte_t *)direct_map_pointer(place->table) + place->index;
}

static void way_find(pfn_t root, uint64_t address, struct way *out)
{
	pfn_t table = root;

	for (unsigned level = LEVEL_MAX;; level--) {
		struct place *place = &out->at[level];
		pte_t pte;

		*place = (struct place){ .table = table,
					 .index = level_index(address, level),
					 .level = level,
					 .is_user = true,
					 .root = root.pfn };
		out->level = level;
		pte = pte_read(entry_at(place));
		if (level == 1 || !pte_is_present(pte) || pte_is_leaf(pte, level)) {
			return;
		}
		table = pte_frame(pte);
	}
}

static void used_less(const struct place *place, int nr)
{
	if (gate_is_shut()) {
		place_used_add(place, -nr);
	}
}

/* Up to RELEASED_MAX pages in a row of the lowest table, or one of 2 MiB. */
static void pages_go(const struct way *way, uint64_t address, uint64_t end, struct emptied *out)
{
	const struct place *place = &way->at[way->level];
	uint64_t step = 1ul << level_shift(way->level), start = align_down(address, step);
	unsigned nr = way->level == 1 ? (unsigned)MIN((end - start + step - 1) / step,
						      (uint64_t)PTES_PER_TABLE - place->index)
				      : 1;
	unsigned nr_empty = ptes_skip_empty(entry_at(place), nr);

	nr = nr_empty + MIN(nr - nr_empty, (unsigned)PAGES_AT_ONCE);
	out->next = start + nr * step;
	if (nr == nr_empty) {
		return;
	}
	out->nr_pages = pages_release_raw(gate_table_open(PLACE_ONE, place->table) + place->index +
						  nr_empty,
					  nr - nr_empty, way->level == 2, &out->released);
	gate_table_close(PLACE_ONE);
	used_less(place, (int)out->nr_pages);
}

/* An open gate counts nothing, and believes that it is. */
static bool is_empty(pfn_t table)
{
	const struct frame *frame = frame_entry(table);

	return !gate_is_shut() || (frame->flags & TABLE_LINKED && !frame->nr_used);
}

/* Nothing leads to it any more: it is as clean as it is empty. */
static void table_went(pfn_t table)
{
	if (gate_is_shut()) {
		*(volatile uint64_t *)gate_frame(table) =
			FRAME_WORD(.owner = OWNER_PTABLE, .flags = TABLE_CLEAN);
	} else {
		gate_frame(table)->flags = 0;
	}
}

/* Tables of the way go if they are empty, and if nothing is to come where they are: `next` is the
 * first address with more. */
static void tables_go(const struct way *way, uint64_t address, uint64_t next, struct emptied *out)
{
	for (unsigned level = way->level; level < LEVEL_MAX; level++) {
		const struct place *parent = &way->at[level + 1];
		pfn_t table = way->at[level].table;

		if (address >> level_shift(level + 1) == next >> level_shift(level + 1) ||
		    !is_empty(table)) {
			return;
		}
		place_put(parent, gate_table_open(PLACE_ONE, parent->table), PTE_NONE);
		gate_table_close(PLACE_ONE);
		used_less(parent, 1);
		table_went(table);
		out->tables[out->nr_tables++] = table;
	}
}

void root_empty_raw(pfn_t root, uint64_t at, uint64_t end, uint64_t next, struct emptied *out)
{
	struct way way;

	out->released.nr = out->released.order = 0;
	out->nr_pages = out->nr_tables = 0;
	way_find(root, at, &way);
	pages_go(&way, at, end, out);
	if (next) {
		tables_go(&way, at, out->next < end ? out->next : next, out);
	}
}

/* Its root, where to begin, where to stop, where there is more behind that. What went is this
 * processor's answer. */
uint64_t gate_root_empty(uint64_t root, uint64_t at, uint64_t end, uint64_t next)
{
	struct place place = { .root = (uint32_t)root };
	uint64_t refusal = GATE_NOT_OURS;

	if (at >= end || end > USER_TOP || root >= nr_frames || !gate_lock_root(place.root)) {
		return GATE_NO_TABLE;
	}
	if (place_is_program(&place)) {
		program_spoil((pfn_t){ place.root });
		refusal = GATE_DONE;
	}
	if (!refusal || is_loaded_nowhere(&place)) {
		root_empty_raw((pfn_t){ place.root }, at, end, next,
			       (struct emptied *)answer_begin());
		refusal = GATE_DONE;
	}
	gate_unlock_root(place.root);
	return refusal;
}
