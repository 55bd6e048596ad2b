/*
 * The large pages of the direct map (direct_split.h): each is one page of 2 MiB while nothing of it
 * is hidden, and else its own table, with as many empty entries as are counted. Nobody else has the
 * table.
 */
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"
#include "mm/watch/audit_walk.h"

/* Frames that hold the page split: their entries are not what the page would say. */
static unsigned nr_holding(pfn_t first, pfn_t table)
{
	const pte_t *entries = direct_map_pointer(table);
	unsigned nr = 0;

	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		nr += !pte_is_same(entries[i], direct_map_pte(pfn_add(first, i)));
	}
	return nr;
}

static void check_whole(struct audit *audit, pfn_t first, pfn_t table, pte_t pte)
{
	pte_t expected = pte_with(direct_map_pte(first), PTE_HUGE);

	if (!pte_is_same(pte, expected)) {
		audit_violation(audit,
				"direct map: the 2 MiB page at frame %#x, which nothing holds "
				"split, is entry %#lx, not %#lx",
				first.pfn, pte.value, expected.value);
	} else if (!audit_see(table)) {
		audit_violation(audit,
				"direct map: the table of the 2 MiB page at frame %#x, which is "
				"whole, is in use",
				first.pfn);
	}
}

static void check_split(struct audit *audit, pfn_t first, pfn_t table, pte_t pte)
{
	if (!pte_is_present(pte) || pte_is_leaf(pte, 2) || pte_frame(pte).pfn != table.pfn) {
		audit_violation(audit,
				"direct map: the split page at frame %#x has entry %#lx, not its "
				"own table, frame %#x",
				first.pfn, pte.value, table.pfn);
	} else if (nr_holding(first, table) != direct_split_nr_held(table)) {
		audit_violation(audit,
				"direct map: %u frames hold the page at frame %#x split, %u are "
				"counted",
				nr_holding(first, table), first.pfn, direct_split_nr_held(table));
	}
}

void audit_direct_map(struct audit *audit)
{
	for (uint32_t at = 0; at < nr_frames; at += FRAMES_PER_HUGE) {
		pfn_t first = { at }, table = direct_split_table(first);
		pte_t pte;

		if (pfn_is_none(table)) {
			continue;
		}
		pte = pte_read(direct_split_entry(table));
		if (direct_split_first(table) != at) {
			audit_violation(
				audit,
				"direct map: the table at frame %#x is of the page at frame "
				"%#x, not %#x",
				table.pfn, direct_split_first(table), at);
		} else if (direct_split_nr_held(table)) {
			check_split(audit, first, table, pte);
		} else {
			check_whole(audit, first, table, pte);
		}
	}
}
