/* Compares the kernel's address spaces with the model's. */
#include <string.h>

#include "mm/as/as_pages.h"
#include "mm/frame/frame_alloc.h"
#include "mm/machine.h"
#include "mm/model.h"

static uint64_t nr_leaf_pages, nr_tables;

static void fail(const char *what, const struct space *space, uint64_t address)
{
	machine_die("space %ld, page %#lx: %s", space - spaces, address, what);
}

/* The frame is the object's and holds what the object holds. */
static void contents_check(struct space *space, struct object *object, pfn_t first,
			   uint64_t address)
{
	const struct frame *frame = frame_entry(first);

	if (!object->frame) {
		for (unsigned i = 1; i < OBJECTS_MAX; i++) {
			if (objects[i].refs && objects[i].frame == first.pfn) {
				fail("its frame is another page's", space, address);
			}
		}
		object->frame = first.pfn;
	}
	if (object->frame != first.pfn) {
		fail("shows the wrong frame", space, address);
	}
	if (frame->owner != OWNER_USER || frame->refs != object->refs ||
	    frame->order != (object->is_huge ? HUGE_ORDER : 0)) {
		machine_die("frame %u: owner %s, %u references, not %u", first.pfn,
			    owner_name(frame->owner), frame->refs, object->refs);
	}
	for (unsigned i = 0; i < NR_WORDS; i++) {
		uint64_t word;

		memcpy(&word, (char *)machine_ram(first) + word_offset(object, i), sizeof(word));
		if (word != object->words[i]) {
			machine_die("space %ld, page %#lx: word %u is %#lx, not %#lx",
				    space - spaces, address, i, word, object->words[i]);
		}
	}
}

/* What the processor and the kernel read from a leaf. */
static void rights_check(struct space *space, const struct page *page, pte_t pte, uint64_t address)
{
	const struct object *object = &objects[page->object];
	bool is_shared = page->flags & REGION_SHARED, may_write = page->rights & RIGHT_WRITE;

	if (!pte_is_present(pte) != !page->rights || !(pte.value & PTE_PARKED) != !!page->rights) {
		fail("present or parked against its rights", space, address);
	}
	if (!pte_is_user(pte) || pte_is_executable(pte) != !!(page->rights & RIGHT_EXECUTE)) {
		fail("not a user page, or wrong to execute", space, address);
	}
	if (pte_is_writable(pte) && (!may_write || (!is_shared && object->refs != 1))) {
		fail("writable and should not be", space, address);
	}
	if (may_write && !pte_is_writable(pte) && (is_shared || !(pte.value & PTE_COPY))) {
		fail("a write could never succeed", space, address);
	}
	if (is_shared && pte.value & PTE_COPY) {
		fail("shared, but would be copied", space, address);
	}
}

static void leaf_check(struct space *space, pte_t pte, unsigned level, uint64_t address)
{
	struct page *page = model_page(space, address);

	if (!page || !page->is_mapped) {
		fail("mapped and should not be", space, address);
	}
	if (level != (page->flags & REGION_HUGE ? 2 : 1)) {
		fail("wrong page size", space, address);
	}
	if (!page->object) {
		fail("has a frame, though nobody touched it", space, address);
	}
	rights_check(space, page, pte, address);
	contents_check(space, &objects[page->object], pte_frame(pte), address);
	nr_leaf_pages += level == 2 ? HUGE_PAGES : 1;
}

static void table_check(struct space *space, pfn_t table, unsigned level, uint64_t start)
{
	const pte_t *entries = machine_ram(table);

	nr_tables++;
	if (frame_entry(table)->owner != OWNER_PTABLE) {
		fail("its page table is not a page table", space, start);
	}
	for (unsigned i = 0; i < (level == LEVEL_MAX ? PTES_PER_TABLE / 2 : PTES_PER_TABLE); i++) {
		uint64_t address = start + ((uint64_t)i << level_shift(level));

		if (!pte_holds_frame(entries[i])) {
			continue;
		}
		if (level > 1 && pte_is_present(entries[i]) && !pte_is_leaf(entries[i], level)) {
			table_check(space, pte_frame(entries[i]), level - 1, address);
		} else {
			leaf_check(space, entries[i], level, address);
		}
	}
}

static void region_check(struct space *space, const struct region *region,
			 const struct region *before)
{
	if (region->start >= region->end || (before && before->end > region->start)) {
		fail("regions overlap or are not sorted", space, region->start);
	}
	if (!is_aligned(region->start | region->end, region_page_bytes(region))) {
		fail("region is not aligned", space, region->start);
	}
	if (before && before->end == region->start && before->rights == region->rights &&
	    before->flags == region->flags) {
		fail("equal neighbours are two regions", space, region->start);
	}
	for (uint64_t at = region->start; at < region->end; at += PAGE_SIZE) {
		const struct page *page = model_page(space, at);

		if (!page || !page->is_mapped || page->rights != region->rights ||
		    page->flags != region->flags) {
			fail("the region says something else than the model", space, at);
		}
	}
}

static uint64_t regions_check(struct space *space)
{
	const struct region *before = NULL;
	uint64_t nr_pages = 0;
	unsigned nr = 0;

	LIST_FOR_EACH (node, &space->as->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);

		region_check(space, region, before);
		nr_pages += (region->end - region->start) >> PAGE_SHIFT;
		before = region;
		nr++;
	}
	if (nr != space->as->nr_regions) {
		fail("nr_regions is wrong", space, 0);
	}
	return nr_pages;
}

void model_check(struct space *space)
{
	uint64_t nr_mapped = 0, nr_touched = 0;

	for (unsigned zone = 0; zone < NR_ZONES; zone++) {
		for (uint32_t i = 0; i < zones[zone].nr_pages; i++) {
			const struct page *page = &space->pages[zone][i];

			nr_mapped += page->is_mapped;
			nr_touched += !page->object                   ? 0
				      : objects[page->object].is_huge ? HUGE_PAGES
								      : 1;
		}
	}
	if (regions_check(space) != nr_mapped) {
		fail("regions are missing", space, 0);
	}
	nr_leaf_pages = 0;
	table_check(space, space->as->root, LEVEL_MAX, 0);
	if (nr_leaf_pages != nr_touched || space->as->nr_pages != nr_touched) {
		machine_die("space %ld: %lu pages, nr_pages %lu, not %lu", space - spaces,
			    nr_leaf_pages, space->as->nr_pages, nr_touched);
	}
	if (space->as->heap_end != space->heap_end) {
		fail("wrong break", space, space->heap_end);
	}
}

void model_check_all(void)
{
	static uint64_t nr_boot_tables;
	uint64_t nr_frames_shown = 0;
	struct frame_stats stats;

	machine_check();
	frame_stats_read(&stats);
	nr_tables = 0;
	for (unsigned i = 0; i < NR_SPACES; i++) {
		if (spaces[i].as) {
			model_check(&spaces[i]);
			nr_tables++; /* the shadow root */
		}
	}
	for (unsigned i = 1; i < OBJECTS_MAX; i++) {
		nr_frames_shown += !objects[i].refs ? 0 : objects[i].is_huge ? HUGE_PAGES : 1;
	}
	if (nr_frames_shown != stats.nr_user) {
		machine_die("%lu user frames, but pages show %lu", stats.nr_user, nr_frames_shown);
	}
	nr_boot_tables = nr_boot_tables ? nr_boot_tables : stats.nr_ptable;
	if (nr_tables + nr_boot_tables != stats.nr_ptable) {
		machine_die("%lu page tables, but %lu are used", stats.nr_ptable,
			    nr_tables + nr_boot_tables);
	}
}
