/* In the gate, with ptprot=window: two pages of the private window, in which it writes page tables.
 * tables.c has the same as functions, for who need not be quick. */
#pragma once

#include "arch/x86_64/cpu/tlb_insn.h"
#include "mm/frame/window.h"
#include "mm/gate/operations.h"
#include "mm/table/ptable.h"

static inline uint64_t place_address(enum gate_place place)
{
	return WINDOW_TABLES + place * (uint64_t)PAGE_SIZE;
}

static inline void place_set(enum gate_place place, pte_t pte)
{
	pte_t *entries = (pte_t *)WINDOW_SELF;

	gate_put(&entries[level_index(place_address(place), 1)], pte);
}

static inline pte_t *place_open(enum gate_place place, pfn_t table)
{
	place_set(place, pte_make(table, PTE_PRESENT | PTE_WRITABLE | ptable_nx()));
	return (pte_t *)place_address(place);
}

static inline void place_close(enum gate_place place)
{
	place_set(place, PTE_NONE);
	insn_invlpg(place_address(place));
}
