/* In the gate: where it writes page tables: in the direct map, or in two pages of the private
 * window. */
#include "mm/gate/tables.h"

#include "core/cpu.h"

pte_t *gate_window_open(enum gate_place place, pfn_t table) { return place_open(place, table); }

void gate_window_close(enum gate_place place) { place_close(place); }

struct released *gate_answer(void)
{
	return (struct released *)(PERCPU_SEALED_READ(offsetof(struct cpu_sealed, gate_stack_top)) +
				   GATE_ANSWER_OFFSET);
}

bool root_is_made_by_us(pfn_t root)
{
	return gate_in_force == ptprot_off || frame_entry(root)->number == current_here()->root;
}
