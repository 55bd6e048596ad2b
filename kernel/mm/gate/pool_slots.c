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

/* A byte that is no truth value would be both. */
static bool is_flag(const bool *flag) { return *(const volatile uint8_t *)flag <= 1; }

static bool flags_are_right(const union pool_slot *slot)
{
	switch (slot->header.kind) {
	case SLOT_POOL:
		return is_flag(&slot->pool.is_protected) && is_flag(&slot->pool.is_read_only) &&
		       is_flag(&slot->pool.is_claimed);
	case SLOT_AREA: return is_flag(&slot->area.is_sealed) && is_flag(&slot->area.is_complete);
	default: return true;
	}
}

/* Once true, always. */
static bool stays(bool before, bool after) { return !before || after; }

/* It has all its pages, and they are sealed if it says so. */
static bool is_whole(const struct pool_area *area)
{
	for (uint64_t page = 0; page < area->len_bytes; page += PAGE_SIZE) {
		pte_t pte = ptable_lookup(kernel_root, area->base + page, NULL);
		const struct frame *frame = frame_entry(pte_frame(pte));

		if (!pte_is_present(pte) || !pfn_is_valid(pte_frame(pte)) ||
		    frame->owner != OWNER_POOL || frame->number != area->id ||
		    (area->is_sealed && !(frame->flags & FRAME_SEALED))) {
			return false;
		}
	}
	return true;
}

static bool is_first_area(const struct pool *pool, slot_id id, slot_id next)
{
	const union pool_slot *slot = pool_slot(id, SLOT_AREA);

	return slot && slot->area.pool == pool->id && slot->area.next == next &&
	       slot->area.is_complete;
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
	       stays(old->is_complete, new->is_complete) &&
	       ((!new->is_complete &&new->is_sealed == old->is_sealed) || is_whole(new));
}

/* It is on no list: the first one of its pool's is the one behind it. */
static bool area_may_end(const struct pool_area *old)
{
	const union pool_slot *pool = pool_slot(old->pool, SLOT_POOL);

	return !is_mapped(old->base, old->len_bytes) &&
	       (!pool || (pool->pool.first_area == old->next && old->next != old->id));
}

/* No address is used twice, so that who still has a pointer there finds nothing. */
static bool area_may_begin(const struct pool_area *new)
{
	return pool_slot(new->pool, SLOT_POOL) && new->base >= gate_pools_next() &&
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

/* Of descriptors there are more, by one page that is mapped. */
static bool header_may_change(const struct pool_header *old, const struct pool_header *new)
{
	uint64_t added = POOL_SLOTS_START + (uint64_t)old->nr_slots * sizeof(union pool_slot);

	return new->kind == SLOT_HEADER &&
	       (new->nr_slots == old->nr_slots ||
		(new->nr_slots == old->nr_slots + PAGE_SIZE / sizeof(union pool_slot) &&
		 is_mapped(added, PAGE_SIZE)));
}

bool pool_slot_may_become(slot_id id, const union pool_slot *old, const union pool_slot *new)
{
	if (!flags_are_right(new)) {
		return false;
	}
	switch (old->header.kind) {
	case SLOT_NONE:
	case SLOT_FREE: return may_begin(id, new);
	case SLOT_HEADER: return header_may_change(&old->header, &new->header);
	case SLOT_POOL:
		return new->header.kind == SLOT_FREE
			       ? !old->pool.first_area
			       : new->header.kind ==
					 SLOT_POOL &&pool_may_change(&old->pool, &new->pool);
	case SLOT_AREA:
		return new->header.kind == SLOT_FREE
			       ? area_may_end(&old->area)
			       : new->header.kind ==
					 SLOT_AREA &&area_may_change(&old->area, &new->area);
	}
	return false;
}
