/* In the gate: where it writes page tables: in the direct map, or in two pages of the private
 * window. */
#include "arch/x86_64/tlb_insn.h"
#include "core/cpu.h"
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

pte_t *gate_window_open(enum gate_place place, pfn_t table)
{
	place_set(place, pte_make(table, PTE_PRESENT | PTE_WRITABLE | ptable_nx()));
	return (pte_t *)place_address(place);
}

void gate_window_close(enum gate_place place)
{
	place_set(place, PTE_NONE);
	insn_invlpg(place_address(place));
}

struct released *gate_answer(void)
{
	return (struct released *)(PERCPU_SEALED_READ(offsetof(struct cpu_sealed, gate_stack_top)) +
				   GATE_ANSWER_OFFSET);
}

bool root_is_ours(pfn_t root)
{
	return gate_in_force == ptprot_off || frame_entry(root)->number == current_here()->root;
}
