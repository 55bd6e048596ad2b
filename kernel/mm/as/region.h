/* The list of regions of an address space. Caller holds as->lock. Pages are not touched here. */
#pragma once

#include "mm/as/as.h"

/* Boot: the cache that regions come from. */
void region_init(void);

/* First region that ends above the address; NULL. */
struct region *region_search_above(struct as *as, uint64_t address);
static inline struct region *region_first_above(struct as *as, uint64_t address)
{
	struct list *head = &as->regions, *near = as->near, *below = near->previous;

	/* mostly the one that was found last */
	if (near != head && LIST_ENTRY(near, struct region, node)->end > address &&
	    (below == head || LIST_ENTRY(below, struct region, node)->end <= address)) {
		return LIST_ENTRY(near, struct region, node);
	}
	return region_search_above(as, address);
}
/* The region that was found last, if it holds the address; NULL. */
static inline struct region *region_near(const struct as *as, uint64_t address)
{
	struct region *region = LIST_ENTRY(as->near, struct region, node);

	return as->near != &as->regions && address - region->start < region->end - region->start
		       ? region
		       : NULL;
}
/* The region that holds the address; NULL. */
static inline struct region *region_find(struct as *as, uint64_t address)
{
	struct region *region = region_near(as, address);

	if (LIKELY(region)) {
		return region;
	}
	region = region_first_above(as, address);
	return region && region->start <= address ? region : NULL;
}
/* The one behind it; NULL. */
struct region *region_next(const struct as *as, const struct region *region);
bool region_range_is_free(struct as *as, uint64_t start, uint64_t end);
/* Highest gap below `below` for len bytes, aligned; 0: none. */
uint64_t region_find_gap(const struct as *as, uint64_t len_bytes, uint64_t align, uint64_t below);

/*
 * Changes take the regions that they need from as->spares, which are filled up before: so a change
 * cannot fail: two for a cut at both ends of a range, one for a new region. ENOMEM.
 */
status_t region_spares_get(struct as *as, unsigned nr) MUST_CHECK;
static inline MUST_CHECK status_t region_spares_fill(struct as *as, unsigned nr)
{
	return LIKELY(as->nr_spares >= nr) ? STATUS_OK : region_spares_get(as, nr);
}
void region_spares_drop(struct as *as);

enum { REGIONS_MAX = 16384 };
/* Cuts at both ends and nr_more regions do not lead to more than an address space may have. */
bool region_is_last_room(struct as *as, uint64_t start, uint64_t end, unsigned nr_more);
static inline bool region_has_room(struct as *as, uint64_t start, uint64_t end, unsigned nr_more)
{
	return as->nr_regions + 2 + nr_more <= REGIONS_MAX ||
	       region_is_last_room(as, start, end, nr_more);
}
/* Also of a region that is not in a list yet. */
void region_set_rights(struct region *region, unsigned rights, unsigned flags);
/* A page that is there and may be written or executed can be read: the hardware has no right to
 * withhold that (Intel SDM vol. 3A, "Access Rights"). So can one that is yet to be filled in. */
static inline bool region_permits(const struct region *region, unsigned wanted_rights)
{
	return region->rights && !(wanted_rights & ~(unsigned)(region->rights | RIGHT_READ));
}
/* Adds [start, end), which is free, and joins it with neighbours that are alike. Takes a spare. */
void region_add(struct as *as, uint64_t start, uint64_t end, unsigned rights, unsigned flags);
/* A region that spans `at` becomes two. Takes a spare then. Returns the first region above it;
 * NULL: none. */
struct region *region_cut(struct as *as, uint64_t at);
/* Moves the lower end, within what is free below it or its own. */
void region_set_start(struct as *as, struct region *region, uint64_t start);
/* Removes one region. */
void region_delete(struct as *as, struct region *region);

/* Makes one region of neighbours that are alike and touch at an address in [start, end]. */
void region_join(struct as *as, uint64_t start, uint64_t end);

/* Adds one that is as another address space's and lies above all others. ENOMEM. */
status_t region_copy(struct as *to, const struct region *old) MUST_CHECK;
