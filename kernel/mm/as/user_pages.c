/* Walks user halves. */
#include "mm/as/user_pages.h"

#include "arch/x86_64/cpu/paging.h"
#include "arch/x86_64/entry/probe.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"

struct walk {
	bool (*visit)(pfn_t frame, void *argument);
	void *argument;
	void (*pause)(void);
	uint64_t nr_left; /* tables and frames: more than there can be were forged */
};

static bool is_over(struct walk *walk)
{
	walk->nr_left -= walk->nr_left ? 1 : 0;
	return !walk->nr_left;
}

/* The entry of a table, which may be none by now, or none of the kernel's: the processor takes any
 * frame for one, hidden or not. With ptprot no entry leads to one that is hidden. */
static pte_t entry_at(struct walk *walk, pfn_t table, unsigned index)
{
	uint64_t offset = index * sizeof(pte_t);
	pte_t entry = PTE_NONE;

	if (!pfn_is_valid(table)) {
		return PTE_NONE;
	}
	if (!probe_read(direct_map_base + pfn_to_pa(table).pa + offset, &entry.value) &&
	    gate_in_force == ptprot_off) {
		(void)is_over(walk);
		entry.value = window_load(table, offset);
	}
	return entry;
}

static bool page_visit(struct walk *walk, pfn_t first, unsigned level)
{
	bool is_found = false;

	for (uint32_t i = 0; i < 1u << (level - 1) * 9 && !is_found; i++) {
		is_found = is_over(walk) || walk->visit(pfn_add(first, i), walk->argument);
		if (walk->pause && i % PTES_PER_TABLE == PTES_PER_TABLE - 1) {
			walk->pause();
		}
	}
	return is_found;
}

static bool table_walk(struct walk *walk, pfn_t table, unsigned level);

static bool entry_walk(struct walk *walk, pte_t entry, unsigned level)
{
	if (!pte_is_present(entry) || !pte_is_user(entry)) {
		return false;
	}
	if (!pte_is_leaf(entry, level)) {
		return table_walk(walk, pte_frame(entry), level - 1);
	}
	/* the kernel makes none of 1 GiB, but the processor takes one */
	return level < LEVEL_MAX && page_visit(walk, pte_frame(entry), level);
}

/* Recursion: three levels below a root. */
static bool table_walk(struct walk *walk, pfn_t table, unsigned level)
{
	bool is_found = false;

	if (!pfn_is_valid(table)) {
		return false;
	}
	if (is_over(walk)) {
		return true;
	}
	for (unsigned i = 0; i < PTES_PER_TABLE && !is_found; i++) {
		is_found = entry_walk(walk, entry_at(walk, table, i), level);
	}
	if (walk->pause) {
		walk->pause();
	}
	return is_found;
}

bool user_pages_walk(pfn_t root, bool (*visit)(pfn_t frame, void *argument), void *argument,
		     void (*pause)(void))
{
	/* a root shows each frame once, and each table of it leads to one at least */
	struct walk walk = { visit, argument, pause, 2ul * nr_frames + PTES_PER_TABLE };
	pfn_t shadow = pfn_add(root, 1);
	bool is_found = false;

	for (unsigned i = 0; i < PTES_PER_TABLE / 2 && !is_found; i++) {
		pte_t entry = entry_at(&walk, root, i), other = entry_at(&walk, shadow, i);

		is_found = entry_walk(&walk, entry, LEVEL_MAX);
		/* mostly they lead to the same table */
		if (!is_found && pte_frame(other).pfn != pte_frame(entry).pfn) {
			is_found = entry_walk(&walk, other, LEVEL_MAX);
		}
	}
	return is_found;
}
