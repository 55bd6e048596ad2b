/* Regions: a sorted list, found by walking it. */
#include "mm/region.h"

#include "lib/assert.h"
#include "mm/layout.h"
#include "mm/slab.h"

enum { REGIONS_MAX = 16384 };

static struct slab_cache region_cache;

void region_init(void) { slab_cache_init(&region_cache, "region", sizeof(struct region)); }

static struct region *entry(struct list *node) { return LIST_ENTRY(node, struct region, node); }

struct region *region_first_above(const struct as *as, uint64_t address)
{
	assert(lock_is_held(&as->lock));
	LIST_FOR_EACH (node, &as->regions) {
		if (entry(node)->end > address) {
			return entry(node);
		}
	}
	return NULL;
}

struct region *region_find(const struct as *as, uint64_t address)
{
	struct region *region = region_first_above(as, address);

	return region && region->start <= address ? region : NULL;
}

struct region *region_next(const struct as *as, const struct region *region)
{
	return region->node.next == &as->regions ? NULL : entry(region->node.next);
}

bool region_range_is_free(const struct as *as, uint64_t start, uint64_t end)
{
	const struct region *region = region_first_above(as, start);

	return !region || region->start >= end;
}

uint64_t region_find_gap(const struct as *as, uint64_t len_bytes, uint64_t align, uint64_t below)
{
	uint64_t top = below;

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

static void region_delete(struct as *as, struct region *region)
{
	list_remove(&region->node);
	as->nr_regions--;
	for (unsigned i = 0; i < REGION_SPARES; i++) {
		if (!as->spares[i]) {
			as->spares[i] = region;
			return;
		}
	}
	slab_free(&region_cache, region);
}

void region_join(struct as *as, uint64_t start, uint64_t end)
{
	struct region *before = NULL;

	LIST_FOR_EACH (node, &as->regions) {
		struct region *region = entry(node);

		if (region->start > end) {
			break;
		}
		if (before && region->start >= start && before->end == region->start &&
		    is_alike(before, region->rights, region->flags)) {
			before->end = region->end;
			region_delete(as, region);
		} else {
			before = region;
		}
	}
}

static struct region *spare_take(struct as *as)
{
	struct region *region;
	unsigned i = 0;

	while (!as->spares[i]) {
		i++;
		assert(i < REGION_SPARES);
	}
	region = as->spares[i];
	as->spares[i] = NULL;
	return region;
}

status_t region_spares_fill(struct as *as, unsigned nr)
{
	unsigned nr_there = 0;

	assert(lock_is_held(&as->lock) && nr <= REGION_SPARES);
	for (unsigned i = 0; i < REGION_SPARES; i++) {
		nr_there += as->spares[i] != NULL;
	}
	for (unsigned i = 0; nr_there < nr; i++) {
		if (!as->spares[i]) {
			status_t status = slab_alloc(&region_cache, (void **)&as->spares[i]);

			if (status) {
				return status;
			}
			nr_there++;
		}
	}
	return STATUS_OK;
}

void region_spares_drop(struct as *as)
{
	for (unsigned i = 0; i < REGION_SPARES; i++) {
		if (as->spares[i]) {
			slab_free(&region_cache, as->spares[i]);
			as->spares[i] = NULL;
		}
	}
}

static bool is_inside(const struct as *as, uint64_t at)
{
	const struct region *region = region_find(as, at);

	return region && region->start < at;
}

bool region_has_room(const struct as *as, uint64_t start, uint64_t end, unsigned nr_more)
{
	return as->nr_regions + 2 + nr_more <= REGIONS_MAX ||
	       as->nr_regions + is_inside(as, start) + is_inside(as, end) + nr_more <= REGIONS_MAX;
}

void region_add(struct as *as, uint64_t start, uint64_t end, unsigned rights, unsigned flags)
{
	struct region *next = region_first_above(as, start), *region = spare_take(as);

	assert(region_range_is_free(as, start, end));
	region->start = start;
	region->end = end;
	region->rights = (uint8_t)rights;
	region->flags = (uint8_t)flags;
	list_insert(next ? &next->node : &as->regions, &region->node);
	as->nr_regions++;
	region_join(as, start, end);
}

void region_cut(struct as *as, uint64_t at)
{
	struct region *region = region_find(as, at), *upper;

	if (!region || region->start == at) {
		return;
	}
	upper = spare_take(as);
	upper->start = at;
	upper->end = region->end;
	upper->rights = region->rights;
	upper->flags = region->flags;
	region->end = at;
	list_insert(region->node.next, &upper->node);
	as->nr_regions++;
}

void region_remove_range(struct as *as, uint64_t start, uint64_t end)
{
	struct region *region = region_first_above(as, start);

	while (region && region->end <= end) {
		struct region *next = region_next(as, region);

		region_delete(as, region);
		region = next;
	}
}

status_t region_copy_all(const struct as *from, struct as *to)
{
	LIST_FOR_EACH (node, &from->regions) {
		const struct region *old = entry(node);
		struct region *copy;
		status_t status = slab_alloc(&region_cache, (void **)&copy);

		if (status) {
			return status;
		}
		copy->start = old->start;
		copy->end = old->end;
		copy->rights = old->rights;
		copy->flags = old->flags;
		list_push_back(&to->regions, &copy->node);
		to->nr_regions++;
	}
	return STATUS_OK;
}
