/* The list of regions of an address space. Caller holds as->lock. Pages are not touched here. */
#pragma once

#include "mm/as.h"

/* Boot: the cache that regions come from. */
void region_init(void);

/* The region that holds the address; NULL. */
struct region *region_find(const struct as *as, uint64_t address);
/* First region that ends above the address; NULL. */
struct region *region_first_above(const struct as *as, uint64_t address);
/* The one behind it; NULL. */
struct region *region_next(const struct as *as, const struct region *region);
bool region_range_is_free(const struct as *as, uint64_t start, uint64_t end);
/* Highest gap below `below` for len bytes, aligned; 0: none. */
uint64_t region_find_gap(const struct as *as, uint64_t len_bytes, uint64_t align, uint64_t below);

/*
 * Changes take the regions that they need from as->spares, which are filled up before: so a change
 * cannot fail: two for a cut at both ends of a range, one for a new region. ENOMEM.
 */
status_t region_spares_fill(struct as *as, unsigned nr) MUST_CHECK;
void region_spares_drop(struct as *as);

/* Cuts at both ends and nr_more regions do not lead to more than an address space may have. */
bool region_has_room(const struct as *as, uint64_t start, uint64_t end, unsigned nr_more);
/* Adds [start, end), which is free, and joins it with neighbours that are alike. Takes a spare. */
void region_add(struct as *as, uint64_t start, uint64_t end, unsigned rights, unsigned flags);
/* A region that spans `at` becomes two. Takes a spare if there is one. */
void region_cut(struct as *as, uint64_t at);

/* Makes one region of neighbours that are alike and touch at an address in [start, end]. */
void region_join(struct as *as, uint64_t start, uint64_t end);

/* Removes the regions that lie inside [start, end), after cutting at both. */
void region_remove_range(struct as *as, uint64_t start, uint64_t end);
/* Copies all regions. ENOMEM: what was copied stays, for as_put. */
status_t region_copy_all(const struct as *from, struct as *to) MUST_CHECK;
