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
					    .number = root.pfn };
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
