/* Walks user halves. */
#include "mm/user_pages.h"

#include "arch/x86_64/paging.h"
#include "arch/x86_64/probe.h"
#include "mm/direct_map.h"
#include "mm/frame.h"
#include "mm/layout.h"

struct walk {
	bool (*visit)(pfn_t frame, void *argument);
	void *argument;
	void (*pause)(void);
};

/* The entry of a table, which may be none by now. */
static pte_t entry_at(pfn_t table, unsigned index)
{
	pte_t entry = PTE_NONE;

	if (!probe_read(direct_map_base + pfn_to_pa(table).pa + index * sizeof(entry),
			&entry.value)) {
		return PTE_NONE;
	}
	return entry;
}

static bool is_table(pfn_t frame)
{
	return pfn_is_valid(frame) && frame_entry(frame)->owner == OWNER_PTABLE;
}

static bool page_visit(const struct walk *walk, pfn_t first, unsigned level)
{
	bool is_found = false;

	for (uint32_t i = 0; i < 1u << (level - 1) * 9 && !is_found; i++) {
		is_found = walk->visit(pfn_add(first, i), walk->argument);
		if (walk->pause && i % PTES_PER_TABLE == PTES_PER_TABLE - 1) {
			walk->pause();
		}
	}
	return is_found;
}

static bool table_walk(const struct walk *walk, pfn_t table, unsigned level);

static bool entry_walk(const struct walk *walk, pte_t entry, unsigned level)
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
static bool table_walk(const struct walk *walk, pfn_t table, unsigned level)
{
	bool is_found = false;

	if (!is_table(table)) {
		return false;
	}
	for (unsigned i = 0; i < PTES_PER_TABLE && !is_found; i++) {
		is_found = entry_walk(walk, entry_at(table, i), level);
	}
	if (walk->pause) {
		walk->pause();
	}
	return is_found;
}

bool user_pages_walk(pfn_t root, bool (*visit)(pfn_t frame, void *argument), void *argument,
		     void (*pause)(void))
{
	const struct walk walk = { visit, argument, pause };
	pfn_t shadow = pfn_add(root, 1);
	bool is_found = false;

	for (unsigned i = 0; i < PTES_PER_TABLE / 2 && !is_found; i++) {
		pte_t entry = entry_at(root, i), other = entry_at(shadow, i);

		is_found = entry_walk(&walk, entry, LEVEL_MAX);
		/* mostly they lead to the same table */
		if (!is_found && pte_frame(other).pfn != pte_frame(entry).pfn) {
			is_found = entry_walk(&walk, other, LEVEL_MAX);
		}
	}
	return is_found;
}
