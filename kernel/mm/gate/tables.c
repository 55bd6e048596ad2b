/* In the gate: where it writes page tables: in the direct map, or in two pages of the private
 * window. */
#include "arch/x86_64/tlb_insn.h"
#include "mm/direct_map.h"
#include "mm/gate/operations.h"
#include "mm/ptable.h"
#include "mm/window.h"

static uint64_t place_address(enum gate_place place)
{
	return WINDOW_TABLES + place * (uint64_t)PAGE_SIZE;
}

static void place_set(enum gate_place place, pte_t pte)
{
	pte_t *entries = (pte_t *)WINDOW_SELF;

	*(volatile uint64_t *)&entries[level_index(place_address(place), 1)].value = pte.value;
}

pte_t *gate_table_open(enum gate_place place, pfn_t table)
{
	if (gate_in_force != ptprot_window) {
		return direct_map_pointer(table);
	}
	place_set(place, pte_make(table, PTE_PRESENT | PTE_WRITABLE | ptable_nx()));
	return (pte_t *)place_address(place);
}

void gate_table_close(enum gate_place place)
{
	if (gate_in_force == ptprot_window) {
		place_set(place, PTE_NONE);
		insn_invlpg(place_address(place));
	}
}

/* gate.asm: what was loaded is the first word on the stack. */
pfn_t gate_loaded_root(void)
{
	uint64_t cr3 = cr3_read().value;

	if (gate_in_force == ptprot_window) {
		uint64_t block = align_down((uint64_t)__builtin_frame_address(0),
					    GATE_BLOCK_PAGES * PAGE_SIZE);

		cr3 = ((const uint64_t *)(block + (1 + GATE_STACK_PAGES) * PAGE_SIZE))[-1];
	}
	return pa_to_pfn(cr3_root((cr3_t){ cr3 }));
}

bool root_is_ours(pfn_t root)
{
	return gate_in_force == ptprot_off || root_is_new(root) ||
	       pa_to_pfn(cr3_root(cr3_read())).pfn == root.pfn;
}
