/*
 * In the gate: what a pool's descriptor may become. They say whose the pages of pools are, so each
 * of them is changed only as the life of a pool goes:
 *
 *   free -> pool -> free       a pool has no areas at both ends; it is protected, read-only and
 *                              claimed for good; an area comes to the front of its list, or the
 *                              first one goes, when nothing is mapped there any more
 *   free -> area -> free       an area is one pool's, in its place, sealed and complete for good;
 *                              nothing is mapped there at both ends
 */
#include "lib/string.h"
#include "mm/gate/pools.h"
#include "mm/ptable.h"

static bool is_mapped(uint64_t start, uint64_t len_bytes)
{
	for (uint64_t at = start; at < start + len_bytes; at = ptable_skip(kernel_root, at)) {
		if (pte_is_present(ptable_lookup(kernel_root, at, NULL))) {
			return true;
		}
	}
	return false;
}

/* Once true, always. */
static bool stays(bool before, bool after) { return !before || after; }

static bool is_first_area(const struct pool *pool, slot_id id, slot_id next)
{
	const union pool_slot *slot = pool_slot(id, SLOT_AREA);

	return slot && slot->area.pool == pool->id && slot->area.next == next;
}

static bool areas_may_change(const struct pool *old, slot_id first)
{
	const union pool_slot *slot;

	if (first == old->first_area || is_first_area(old, first, old->first_area)) {
		return true;
	}
	slot = pool_slot(old->first_area, SLOT_AREA);
	return slot && is_first_area(old, old->first_area, first) &&
	       !is_mapped(slot->area.base, slot->area.len_bytes);
}

static bool pool_may_change(const struct pool *old, const struct pool *new)
{
	return new->id == old->id &&new->mode == old->mode &&new->refill_bytes ==
		       old->refill_bytes &&new->align_bytes ==
		       old->align_bytes &&stays(old->is_protected, new->is_protected) &&
	       stays(old->is_read_only, new->is_read_only) &&
	       stays(old->is_claimed, new->is_claimed) &&
	       memcmp(new->name, old->name, sizeof(old->name)) == 0 &&
	       areas_may_change(old, new->first_area);
}

static bool area_may_change(const struct pool_area *old, const struct pool_area *new)
{
	return new->id == old->id &&new->pool == old->pool &&new->next == old->next &&new->base ==
		       old->base &&new->len_bytes ==
		       old->len_bytes &&stays(old->is_sealed, new->is_sealed) &&
	       stays(old->is_complete, new->is_complete);
}

static bool area_may_begin(const struct pool_area *new)
{
	return pool_slot(new->pool, SLOT_POOL) &&
	       !new->is_complete &&new->len_bytes &&is_aligned(new->base | new->len_bytes,
							       PAGE_SIZE) &&
	       new->base >= POOL_AREAS_START &&new->base < POOL_AREAS_END &&new->len_bytes <=
		       POOL_AREAS_END - new->base &&
	       !is_mapped(new->base, new->len_bytes);
}

static bool may_begin(slot_id id, const union pool_slot *new)
{
	switch (new->header.kind) {
	case SLOT_FREE: return true;
	case SLOT_POOL: return new->pool.id == id && !new->pool.first_area;
	case SLOT_AREA: return new->area.id == id &&area_may_begin(&new->area);
	default: return false;
	}
}

bool pool_slot_may_become(slot_id id, const union pool_slot *old, const union pool_slot *new)
{
	switch (old->header.kind) {
	case SLOT_NONE:
	case SLOT_FREE: return may_begin(id, new);
	case SLOT_HEADER: return new->header.kind == SLOT_HEADER;
	case SLOT_POOL:
		return new->header.kind == SLOT_FREE
			       ? !old->pool.first_area
			       : new->header.kind ==
					 SLOT_POOL &&pool_may_change(&old->pool, &new->pool);
	case SLOT_AREA:
		return new->header.kind == SLOT_FREE
			       ? !is_mapped(old->area.base, old->area.len_bytes)
			       : new->header.kind ==
					 SLOT_AREA &&area_may_change(&old->area, &new->area);
	}
	return false;
}
