/*
 * The regions of an address space that has many, as a search tree beside the list: a treap by
 * start, which knows the largest gap of each subtree. An address space with few has none (as->tree
 * is NULL): its list is walked. Caller holds as->lock.
 */
#pragma once

#include "mm/as/as.h"

/* As many regions as are walked: the tree is grown above that, and felled below the half of it. */
enum { REGIONS_WALKED = 32 };

/* region_tree.c: where there is a tree, or must be one. */
void region_tree_insert(struct as *as, struct region *region);
void region_tree_take_out(struct as *as, struct region *region);
void region_tree_refresh(struct as *as, const struct region *region);

/* After the region entered the list. */
static inline void region_tree_add(struct as *as, struct region *region)
{
	if (UNLIKELY(as->tree || as->nr_regions > REGIONS_WALKED)) {
		region_tree_insert(as, region);
	}
}
/* Before it leaves it. */
static inline void region_tree_remove(struct as *as, struct region *region)
{
	if (UNLIKELY(as->tree)) {
		region_tree_take_out(as, region);
	}
}
/* After a region's start or end, or that of the one before it, changed. */
static inline void region_tree_moved(struct as *as, const struct region *region)
{
	if (UNLIKELY(as->tree)) {
		region_tree_refresh(as, region);
	}
}

/* For the audit: each region of the list, and no other, is in the tree, if there is one, where it
 * is looked for, and says how large the gaps are below it. */
bool region_tree_is_whole(const struct as *as);

/* As region_first_above and region_find_gap, where there is a tree. */
struct region *region_tree_first_above(const struct as *as, uint64_t address);
uint64_t region_tree_find_gap(const struct as *as, uint64_t len_bytes, uint64_t align,
			      uint64_t below);
