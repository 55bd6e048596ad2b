/* Walks the regions, and the page tables below the root. */
#include "mm/space_check.h"

#include <string.h>

#include "mm/as/as_init.h"
#include "mm/as/as_pages.h"
#include "mm/machine.h"

static const struct region *region_at(const struct as *as, uint64_t address)
{
	LIST_FOR_EACH (node, &as->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);

		if (region->start <= address && address < region->end) {
			return region;
		}
	}
	return NULL;
}

static void leaf_check(const struct as *as, pte_t pte, unsigned level, uint64_t address)
{
	const struct region *region = region_at(as, address);
	const struct frame *frame = frame_entry(pte_frame(pte));

	if (!region || level != region_level(region)) {
		machine_die("page %#lx is in no region of its kind", address);
	}
	if (pte_is_present(pte) != (region->rights != 0) ||
	    (pte_is_writable(pte) && !(region->rights & RIGHT_WRITE)) ||
	    pte_is_executable(pte) != !!(region->rights & RIGHT_EXECUTE)) {
		machine_die("page %#lx has other rights than its region (%u)", address,
			    region->rights);
	}
	if (frame->owner != OWNER_USER || frame->refs == 0 ||
	    (frame->refs > 1 && pte_is_writable(pte) && !(region->flags & REGION_SHARED))) {
		machine_die("page %#lx: frame of owner %u, %u references", address, frame->owner,
			    frame->refs);
	}
}

static uint64_t table_check(const struct as *as, pfn_t table, unsigned level, uint64_t start)
{
	unsigned nr = level == LEVEL_MAX ? PTES_PER_TABLE / 2 : PTES_PER_TABLE;
	const pte_t *entries = machine_ram(table);
	uint64_t nr_pages = 0;

	for (unsigned i = 0; i < nr; i++) {
		uint64_t address = start + ((uint64_t)i << level_shift(level));

		if (!pte_holds_frame(entries[i])) {
			continue;
		}
		if (level > 1 && pte_is_present(entries[i]) && !pte_is_leaf(entries[i], level)) {
			nr_pages += table_check(as, pte_frame(entries[i]), level - 1, address);
		} else {
			leaf_check(as, entries[i], level, address);
			nr_pages += level == 2 ? FRAMES_PER_HUGE : 1;
		}
	}
	return nr_pages;
}

void space_check(struct as *as)
{
	const struct region *before = NULL;
	unsigned nr = 0;

	LIST_FOR_EACH (node, &as->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);

		if (region->start >= region->end || (before && before->end > region->start)) {
			machine_die("regions at %#lx overlap or are not sorted", region->start);
		}
		if (before && before->end == region->start && before->rights == region->rights &&
		    before->flags == region->flags) {
			machine_die("equal neighbours at %#lx are two regions", region->start);
		}
		before = region;
		nr++;
	}
	if (nr != as->nr_regions || table_check(as, as->root, LEVEL_MAX, 0) != as->nr_pages) {
		machine_die("nr_regions %u or nr_pages %lu is wrong", as->nr_regions, as->nr_pages);
	}
}

static unsigned nr_entries[MACHINE_FRAMES];

static void entries_count(pfn_t table, unsigned level)
{
	unsigned nr = level == LEVEL_MAX ? PTES_PER_TABLE / 2 : PTES_PER_TABLE;
	const pte_t *entries = machine_ram(table);

	for (unsigned i = 0; i < nr; i++) {
		if (level > 1 && pte_is_present(entries[i]) && !pte_is_leaf(entries[i], level)) {
			entries_count(pte_frame(entries[i]), level - 1);
		} else if (pte_holds_frame(entries[i])) {
			nr_entries[pte_frame(entries[i]).pfn]++;
		}
	}
}

static void visit(struct as *as, void *unused)
{
	(void)unused;
	entries_count(as->root, LEVEL_MAX);
}

void references_check(void)
{
	memset(nr_entries, 0, sizeof(nr_entries));
	as_for_each(visit, NULL);
	for (uint32_t i = 0; i < MACHINE_FRAMES; i++) {
		if (frames[i].owner == OWNER_USER && frames[i].refs != nr_entries[i]) {
			machine_die("frame %u counts %u references and has %u", i, frames[i].refs,
				    nr_entries[i]);
		}
	}
}
