/*
 * What address spaces should be, page by page, in a few zones of the user half. Nothing here knows
 * how the kernel does it. A page that was touched has an object: the memory that it shows. Pages of
 * several spaces may show one object: all of a shared mapping, until somebody writes those of a
 * private one.
 */
#pragma once

#include "mm/as/as.h"
#include "mm/table/layout.h"

enum {
	NR_SPACES = 5,
	NR_ZONES = 6,
	NR_WORDS = 4,
	HUGE_PAGES = FRAMES_PER_HUGE,
	OBJECTS_MAX = 8192
};
enum zone { ZONE_LOW, ZONE_MIDDLE, ZONE_HEAP, ZONE_TOP, ZONE_HUGE, ZONE_ANYWHERE };
enum { ZONE_PAGES_MAX = 1024 + HUGE_PAGES };

#define MODEL_MMAP_TOP (USER_TOP - (64ul << 20))

struct object {
	uint32_t refs;  /* pages that show it; 0: unused */
	uint32_t frame; /* learned when first seen; 0: not yet */
	bool is_huge;
	uint64_t words[NR_WORDS]; /* at word_offset */
};

struct page {
	bool is_mapped;
	uint8_t rights, flags; /* as the region's */
	uint16_t object;       /* index; 0: not touched. Of a huge page: in its first 4 KiB. */
};

struct space {
	struct as *as; /* NULL: unused */
	uint64_t heap_end;
	struct page pages[NR_ZONES][ZONE_PAGES_MAX];
};

struct zone_range {
	uint64_t start;
	uint32_t nr_pages;
};

extern const struct zone_range zones[NR_ZONES];
extern struct object objects[OBJECTS_MAX];
extern struct space spaces[NR_SPACES];

/* The page that holds an address; NULL outside the zones. */
struct page *model_page(struct space *space, uint64_t address);
uint64_t word_offset(const struct object *object, unsigned word);
/* The page, or the first 4 KiB of the huge page: where the object hangs. */
struct page *model_object_page(struct space *space, uint64_t *address);

bool model_is_free(struct space *space, uint64_t start, uint64_t end);
bool model_is_covered(struct space *space, uint64_t start, uint64_t end);
bool model_cuts_huge(struct space *space, uint64_t at);
/* Where a mapping without an address goes; 0: the zone for those is too full. */
uint64_t model_find_gap(struct space *space, uint64_t len_bytes, uint64_t align);

void model_map(struct space *space, uint64_t start, uint64_t end, unsigned rights, unsigned flags);
void model_unmap(struct space *space, uint64_t start, uint64_t end);
void model_protect(struct space *space, uint64_t start, uint64_t end, unsigned rights);
/* False: there was a hole. */
bool model_discard(struct space *space, uint64_t start, uint64_t end);
void model_clone(struct space *parent, struct space *child, uint64_t written);
void model_put(struct space *space);
/* The page is about to be used: it gets an object, one of its own if it is private and to be
 * written. */
struct object *model_touch(struct space *space, uint64_t address, bool to_write);

/* After a call that failed half way: what it touched, without changing any contents, is taken over.
 */
void model_adopt(struct space *space);
/* Dies when a space's page tables, regions, counts or contents are not the model's. */
void model_check(struct space *space);
/* The whole: every frame accounted for. */
void model_check_all(void);
