/* Walks of the direct map, and what TLBs keep of them. */
#include "mm/direct_tlb.h"

#include <string.h>

#include "mm/frame/direct_map.h"
#include "mm/machine.h"
#include "mm/table/ptable.h"

enum { NR_PAGES = MACHINE_FRAMES / FRAMES_PER_HUGE };

static bool is_cached[NR_TLBS][MACHINE_FRAMES], is_large_cached[NR_TLBS][NR_PAGES];
static pfn_t tables[NR_TLBS][NR_PAGES]; /* 0: none is cached */

/* The end of a walk of the real page table, through RAM. */
struct walk {
	pte_t pte;
	unsigned level;
	pfn_t table;
};

static struct walk walk(pfn_t frame)
{
	struct walk walk = { pte_make(kernel_root, PTE_PRESENT), LEVEL_MAX + 1, { 0 } };

	do {
		walk.table = pte_frame(walk.pte);
		walk.level--;
		walk.pte = ((pte_t *)machine_ram(
			walk.table))[level_index(direct_map_address(frame), walk.level)];
	} while (pte_is_present(walk.pte) && !pte_is_leaf(walk.pte, walk.level));
	return walk;
}

bool machine_direct_map_has(pfn_t frame)
{
	struct walk end = walk(frame);
	uint32_t first = end.level == 2 ? frame.pfn - frame.pfn % FRAMES_PER_HUGE : frame.pfn;

	if (pte_is_present(end.pte) &&
	    (pte_frame(end.pte).pfn != first || !pte_is_writable(end.pte) ||
	     pte_is_executable(end.pte) || pte_is_user(end.pte))) {
		machine_die("the direct map has %#lx for frame %u", end.pte.value, frame.pfn);
	}
	return pte_is_present(end.pte);
}

bool machine_is_large(pfn_t frame) { return walk(frame).level == 2; }

/* By the table that is cached, whatever the page's entry says now. */
static void touch_by_cached_table(unsigned tlb, pfn_t frame)
{
	pfn_t table = tables[tlb][frame.pfn / FRAMES_PER_HUGE];
	pte_t pte;

	if (!table.pfn) {
		return;
	}
	pte = ((pte_t *)machine_ram(table))[frame.pfn % FRAMES_PER_HUGE];
	if (pte_is_present(pte) && pte_frame(pte).pfn != frame.pfn) {
		machine_die("a cached table, frame %u, shows frame %u at the address of frame %u",
			    table.pfn, pte_frame(pte).pfn, frame.pfn);
	}
	is_cached[tlb][frame.pfn] |= pte_is_present(pte);
}

bool direct_tlb_touch(unsigned tlb, pfn_t frame)
{
	struct walk end = walk(frame);
	uint32_t page = frame.pfn / FRAMES_PER_HUGE;

	touch_by_cached_table(tlb, frame);
	if (end.level == 1 && !tables[tlb][page].pfn) {
		tables[tlb][page] = end.table;
	}
	if (!machine_direct_map_has(frame)) {
		return false;
	}
	if (end.level == 1) {
		is_cached[tlb][frame.pfn] = true;
	} else {
		is_large_cached[tlb][page] = true;
	}
	return true;
}

bool direct_tlb_has(unsigned tlb, pfn_t frame)
{
	return is_cached[tlb][frame.pfn] || direct_tlb_has_large(tlb, frame);
}

bool direct_tlb_has_large(unsigned tlb, pfn_t frame)
{
	return is_large_cached[tlb][frame.pfn / FRAMES_PER_HUGE];
}

void direct_tlb_flush(unsigned tlb, uint32_t first, uint32_t nr)
{
	uint32_t page = first / FRAMES_PER_HUGE, end = (first + nr - 1) / FRAMES_PER_HUGE;

	memset(&is_cached[tlb][first], 0, nr);
	memset(&is_large_cached[tlb][page], 0, end - page + 1);
	memset(tables[tlb], 0, sizeof(tables[tlb]));
}
