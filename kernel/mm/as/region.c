/*
 * Regions: a sorted list. A search walks it from where the last one ended: calls and faults come in
 * neighbourhoods.
 */
#include "mm/as/region.h"

#include "lib/assert.h"
#include "mm/as/region_tree.h"
#include "mm/frame/slab.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

static struct slab_cache region_cache;

void region_init(void) { slab_cache_init(&region_cache, "region", sizeof(struct region)); }

static struct region *entry(struct list *node) { return LIST_ENTRY(node, struct region, node); }

struct region *region_search_above(struct as *as, uint64_t address)
{
	struct list *head = &as->regions, *node = as->near;

	assert(lock_is_held(&as->lock));
	if (UNLIKELY(as->tree)) {
		struct region *found = region_tree_first_above(as, address);

		as->near = found ? &found->node : head;
		return found;
	}
	while (node != head && entry(node)->end <= address) {
		node = node->next;
	}
	while (node->previous != head && entry(node->previous)->end > address) {
		node = node->previous;
	}
	as->near = node;
	return node == head ? NULL : entry(node);
}

struct region *region_next(const struct as *as, const struct region *region)
{
	return region->node.next == &as->regions ? NULL : entry(region->node.next);
}

bool region_range_is_free(struct as *as, uint64_t start, uint64_t end)
{
	const struct region *region = region_first_above(as, start);

	return !region || region->start >= end;
}

uint64_t region_find_gap(const struct as *as, uint64_t len_bytes, uint64_t align, uint64_t below)
{
	uint64_t top = below;

	if (UNLIKELY(as->tree)) {
		return region_tree_find_gap(as, len_bytes, align, below);
	}
	for (struct list *node = as->regions.previous; node != &as->regions;
	     node = node->previous) {
		const struct region *region = entry(node);

		if (region->start >= below) {
			continue;
		}
		if (region->end < top && top - region->end >= len_bytes) {
			uint64_t start = align_down(top - len_bytes, align);

			if (start >= region->end) {
				return start;
			}
		}
		top = MIN(top, region->start);
	}
	if (top < USER_MIN || top - USER_MIN < len_bytes) {
		return 0;
	}
	top = align_down(top - len_bytes, align);
	return top >= USER_MIN ? top : 0;
}

static bool is_alike(const struct region *region, unsigned rights, unsigned flags)
{
	return region->rights == rights && region->flags == flags;
}

/* Whether a region touches the one behind it, and is alike. */
static bool joins_next(const struct as *as, struct list *node)
{
	const struct region *lower = entry(node), *upper = entry(node->next);

	return node != &as->regions && node->next != &as->regions && lower->end == upper->start &&
	       is_alike(lower, upper->rights, upper->flags);
}

void region_set_start(struct as *as, struct region *region, uint64_t start)
{
	region->start = start;
	region_tree_moved(as, region);
}

void region_delete(struct as *as, struct region *region)
{
	struct list *next = region->node.next;

	as->near = next;
	region_tree_remove(as, region);
	list_remove(&region->node);
	as->nr_regions--;
	if (UNLIKELY(as->tree) && next != &as->regions) {
		region_tree_moved(as, entry(next));
	}
	if (as->nr_spares < REGION_SPARES) {
		as->spares[as->nr_spares++] = region;
	} else {
		slab_free(&region_cache, region);
	}
}

void region_join(struct as *as, uint64_t start, uint64_t end)
{
	struct region *region = region_first_above(as, start - 1), *next;

	for (; region && region->end <= end; region = next) {
		next = region_next(as, region);
		if (joins_next(as, &region->node)) {
			uint64_t lower = region->start;

			region_delete(as, region);
			region_set_start(as, next, lower);
		}
	}
}

static struct region *spare_take(struct as *as)
{
	assert(as->nr_spares);
	return as->spares[--as->nr_spares];
}

status_t region_spares_get(struct as *as, unsigned nr)
{
	assert(lock_is_held(&as->lock) && nr <= REGION_SPARES);
	while (as->nr_spares < nr) {
		status_t status = slab_alloc(&region_cache, (void **)&as->spares[as->nr_spares]);

		if (status) {
			return status;
		}
		as->nr_spares++;
	}
	return STATUS_OK;
}

void region_spares_drop(struct as *as)
{
	while (as->nr_spares) {
		slab_free(&region_cache, as->spares[--as->nr_spares]);
	}
}

static bool is_inside(struct as *as, uint64_t at)
{
	const struct region *region = region_find(as, at);

	return region && region->start < at;
}

bool region_is_last_room(struct as *as, uint64_t start, uint64_t end, unsigned nr_more)
{
	return as->nr_regions + is_inside(as, start) + is_inside(as, end) + nr_more <= REGIONS_MAX;
}

void region_set_rights(struct region *region, unsigned rights, unsigned flags)
{
	region->rights = (uint8_t)rights;
	region->flags = (uint8_t)flags;
	region->denied = (uint8_t) ~(region_permits(region, RIGHT_READ) && !(flags & REGION_HUGE)
					     ? rights | RIGHT_READ
					     : 0);
	region->entry_flags = PTE_USER | (flags & REGION_HUGE ? PTE_HUGE : 0) |
			      (rights ? PTE_PRESENT : PTE_PARKED) |
			      (rights & RIGHT_WRITE ? PTE_WRITABLE : 0) |
			      (rights & RIGHT_EXECUTE ? 0 : ptable_nx());
}

void region_add(struct as *as, uint64_t start, uint64_t end, unsigned rights, unsigned flags)
{
	struct region *next = region_first_above(as, start), *region = spare_take(as);

	assert(region_range_is_free(as, start, end));
	region->start = start;
	region->end = end;
	region_set_rights(region, rights, flags);
	list_insert(next ? &next->node : &as->regions, &region->node);
	as->near = &region->node;
	as->nr_regions++;
	region_tree_add(as, region);
	if (joins_next(as, region->node.previous) || joins_next(as, &region->node)) {
		region_join(as, start, end);
	}
}

struct region *region_cut(struct as *as, uint64_t at)
{
	struct region *region = region_first_above(as, at), *upper;

	if (!region || region->start >= at) {
		return region;
	}
	upper = spare_take(as);
	upper->start = at;
	upper->end = region->end;
	region_set_rights(upper, region->rights, region->flags);
	region->end = at;
	list_insert(region->node.next, &upper->node);
	as->nr_regions++;
	region_tree_add(as, upper);
	return upper;
}

status_t region_copy(struct as *to, const struct region *old)
{
	struct region *copy;
	status_t status = slab_alloc(&region_cache, (void **)&copy);

	if (status == STATUS_OK) {
		copy->start = old->start;
		copy->end = old->end;
		region_set_rights(copy, old->rights, old->flags);
		list_push_back(&to->regions, &copy->node);
		to->nr_regions++;
		region_tree_add(to, copy);
	}
	return status;
}
