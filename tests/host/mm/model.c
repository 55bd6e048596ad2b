/* The reference address spaces. */
#include "mm/model.h"

#include <string.h>

#include "arch/x86_64/cpu/paging.h"
#include "mm/machine.h"

#define GIB (1ul << 30)

/* The middle one straddles page tables on two levels. */
const struct zone_range zones[NR_ZONES] = {
	[ZONE_LOW] = { USER_MIN, 32 },
	[ZONE_MIDDLE] = { GIB - 48 * PAGE_SIZE, 96 },
	[ZONE_HEAP] = { GIB + 16 * HUGE_SIZE, 64 },
	[ZONE_TOP] = { USER_TOP - 32 * PAGE_SIZE, 32 },
	[ZONE_HUGE] = { 2 * GIB - HUGE_SIZE, 3 * HUGE_PAGES },
	[ZONE_ANYWHERE] = { MODEL_MMAP_TOP - ZONE_PAGES_MAX * PAGE_SIZE, ZONE_PAGES_MAX },
};

struct object objects[OBJECTS_MAX];
struct space spaces[NR_SPACES];

struct page *model_page(struct space *space, uint64_t address)
{
	for (unsigned i = 0; i < NR_ZONES; i++) {
		uint64_t offset = address - zones[i].start;

		if (address >= zones[i].start && offset >> PAGE_SHIFT < zones[i].nr_pages) {
			return &space->pages[i][offset >> PAGE_SHIFT];
		}
	}
	return NULL;
}

struct page *model_object_page(struct space *space, uint64_t *address)
{
	struct page *page = model_page(space, *address);

	*address = align_down(*address, page->flags & REGION_HUGE ? HUGE_SIZE : PAGE_SIZE);
	return model_page(space, *address);
}

uint64_t word_offset(const struct object *object, unsigned word)
{
	static const uint64_t offsets[][NR_WORDS] = {
		{ 0, 8, PAGE_SIZE / 2, PAGE_SIZE - 8 },
		{ 0, 3 * PAGE_SIZE + 8, HUGE_SIZE / 2, HUGE_SIZE - 8 },
	};

	return offsets[object->is_huge][word];
}

bool model_is_free(struct space *space, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		const struct page *page = model_page(space, at);

		if (page && page->is_mapped) {
			return false;
		}
	}
	return true;
}

bool model_is_covered(struct space *space, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		const struct page *page = model_page(space, at);

		if (!page || !page->is_mapped) {
			return false;
		}
	}
	return true;
}

bool model_cuts_huge(struct space *space, uint64_t at)
{
	const struct page *page = model_page(space, at);

	return page && page->is_mapped && page->flags & REGION_HUGE && !is_aligned(at, HUGE_SIZE);
}

uint64_t model_find_gap(struct space *space, uint64_t len_bytes, uint64_t align)
{
	uint64_t bottom = zones[ZONE_ANYWHERE].start,
		 at = align_down(MODEL_MMAP_TOP - len_bytes, align);

	for (; at >= bottom; at -= align) {
		if (model_is_free(space, at, at + len_bytes)) {
			return at;
		}
	}
	return 0;
}

static uint16_t object_new(bool is_huge)
{
	for (unsigned i = 1; i < OBJECTS_MAX; i++) {
		if (!objects[i].refs) {
			objects[i] = (struct object){ .refs = 1, .is_huge = is_huge };
			return (uint16_t)i;
		}
	}
	machine_die("the model has no object left");
}

static void object_drop(struct page *page)
{
	if (page->object) {
		objects[page->object].refs--;
		page->object = 0;
	}
}

void model_map(struct space *space, uint64_t start, uint64_t end, unsigned rights, unsigned flags)
{
	model_unmap(space, start, end);
	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		*model_page(space, at) = (struct page){ .is_mapped = true,
							.rights = (uint8_t)rights,
							.flags = (uint8_t)flags };
	}
}

void model_unmap(struct space *space, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		struct page *page = model_page(space, at);

		if (page) {
			object_drop(page);
			page->is_mapped = false;
		}
	}
}

void model_protect(struct space *space, uint64_t start, uint64_t end, unsigned rights)
{
	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		model_page(space, at)->rights = (uint8_t)rights;
	}
}

bool model_discard(struct space *space, uint64_t start, uint64_t end)
{
	bool is_covered = true;

	for (uint64_t at = start; at < end; at += PAGE_SIZE) {
		struct page *page = model_page(space, at);

		if (!page || !page->is_mapped) {
			is_covered = false;
		} else if (!(page->flags & REGION_SHARED)) {
			object_drop(page);
		}
	}
	return is_covered;
}

static void each_page(struct space *space,
		      void (*visit)(struct space *, struct page *, uint64_t address))
{
	for (unsigned zone = 0; zone < NR_ZONES; zone++) {
		for (uint32_t i = 0; i < zones[zone].nr_pages; i++) {
			struct page *page = &space->pages[zone][i];

			if (page->is_mapped) {
				visit(space, page, zones[zone].start + (uint64_t)i * PAGE_SIZE);
			}
		}
	}
}

/* All of a shared mapping is shared, what nobody touched yet included. */
static void page_materialise(struct space *space, struct page *page, uint64_t address)
{
	if (page->flags & REGION_SHARED) {
		(void)model_touch(space, address, false);
	}
}

static void page_take_reference(struct space *space, struct page *page, uint64_t address)
{
	(void)space;
	(void)address;
	if (page->object) {
		objects[page->object].refs++;
	}
}

static void page_drop(struct space *space, struct page *page, uint64_t address)
{
	(void)space;
	(void)address;
	object_drop(page);
	page->is_mapped = false;
}

void model_put(struct space *space)
{
	each_page(space, page_drop);
	space->as = NULL;
}

struct object *model_touch(struct space *space, uint64_t address, bool to_write)
{
	struct page *page = model_object_page(space, &address);
	struct object *object = &objects[page->object];

	if (!page->object) {
		page->object = object_new(page->flags & REGION_HUGE);
	} else if (to_write && object->refs > 1 && !(page->flags & REGION_SHARED)) {
		page->object = object_new(object->is_huge);
		object->refs--;
		memcpy(objects[page->object].words, object->words, sizeof(object->words));
	}
	return &objects[page->object];
}

/* The frame that the page tables show at a page; 0: none. */
static uint32_t frame_at(const struct space *space, uint64_t address)
{
	pte_t pte = pte_make(space->as->root, PTE_PRESENT);

	for (unsigned level = LEVEL_MAX; level > 0; level--) {
		pte = ((pte_t *)machine_ram(pte_frame(pte)))[level_index(address, level)];
		if (!pte_is_present(pte) || pte_is_leaf(pte, level)) {
			break;
		}
	}
	return pte_holds_frame(pte) ? pte_frame(pte).pfn : 0;
}

void model_clone(struct space *parent, struct space *child, uint64_t written)
{
	struct as *as = child->as;

	each_page(parent, page_materialise);
	*child = *parent;
	child->as = as;
	each_page(child, page_take_reference);
	/* that page may be a copy already */
	if (model_page(child, written) && frame_at(child, written) != frame_at(parent, written)) {
		(void)model_touch(child, written, true);
	}
}

static void page_adopt(struct space *space, struct page *page, uint64_t address)
{
	uint64_t start = address;

	if (model_object_page(space, &start) != page) {
		return;
	}
	if (frame_at(space, address) &&
	    (!page->object || objects[page->object].frame != frame_at(space, address))) {
		(void)model_touch(space, address, true);
	}
}

void model_adopt(struct space *space) { each_page(space, page_adopt); }
