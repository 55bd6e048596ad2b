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
#include "mm/gate/kernel/pools.h"
#include "mm/table/ptable.h"

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

static bool areas_may_change(const struct pool *from, slot_id first)
{
	const union pool_slot *slot;

	if (first == from->first_area ||
	    (!from->is_protected && is_first_area(from, first, from->first_area))) {
		return true;
	}
	slot = pool_slot(from->first_area, SLOT_AREA);
	return slot && is_first_area(from, from->first_area, first) &&
	       !is_mapped(slot->area.base, slot->area.len_bytes);
}

static bool pool_may_change(const struct pool *from, const struct pool *to)
{
	return to->id == from->id && to->mode == from->mode &&
	       to->refill_bytes == from->refill_bytes && to->align_bytes == from->align_bytes &&
	       stays(from->is_protected, to->is_protected) &&
	       stays(from->is_read_only, to->is_read_only) &&
	       stays(from->is_claimed, to->is_claimed) &&
	       memcmp(to->name, from->name, sizeof(from->name)) == 0 &&
	       areas_may_change(from, to->first_area);
}

static bool area_may_change(const struct pool_area *from, const struct pool_area *to)
{
	return to->id == from->id && to->pool == from->pool && to->next == from->next &&
	       to->base == from->base && to->len_bytes == from->len_bytes &&
	       stays(from->is_sealed, to->is_sealed) && stays(from->is_complete, to->is_complete) &&
	       ((!to->is_complete && to->is_sealed == from->is_sealed) || is_whole(to));
}

/* It is on no list: the first one of its pool's is the one behind it. */
static bool area_may_end(const struct pool_area *from)
{
	const union pool_slot *pool = pool_slot(from->pool, SLOT_POOL);

	return !is_mapped(from->base, from->len_bytes) &&
	       (!pool || (pool->pool.first_area == from->next && from->next != from->id));
}

/* No address is used twice, so that who still has a pointer there finds nothing. */
static bool area_may_begin(const struct pool_area *to)
{
	return pool_slot(to->pool, SLOT_POOL) && to->base >= gate_pools_next() &&
	       !to->is_complete && to->len_bytes &&
	       is_aligned(to->base | to->len_bytes, PAGE_SIZE) && to->base < POOL_AREAS_END &&
	       to->len_bytes <= POOL_AREAS_END - to->base && !is_mapped(to->base, to->len_bytes);
}

static bool may_begin(slot_id id, const union pool_slot *to)
{
	switch (to->header.kind) {
	case SLOT_FREE: return true;
	case SLOT_POOL: return to->pool.id == id && !to->pool.first_area;
	case SLOT_AREA: return to->area.id == id && area_may_begin(&to->area);
	default: return false;
	}
}

/* Of descriptors there are more, by one page that is mapped. */
static bool header_may_change(const struct pool_header *from, const struct pool_header *to)
{
	uint64_t added = POOL_SLOTS_START + (uint64_t)from->nr_slots * sizeof(union pool_slot);

	return to->kind == SLOT_HEADER &&
	       (to->nr_slots == from->nr_slots ||
		(to->nr_slots == from->nr_slots + PAGE_SIZE / sizeof(union pool_slot) &&
		 is_mapped(added, PAGE_SIZE)));
}

bool pool_slot_may_become(slot_id id, const union pool_slot *from, const union pool_slot *to)
{
	if (!flags_are_right(to)) {
		return false;
	}
	switch (from->header.kind) {
	case SLOT_NONE:
	case SLOT_FREE: return may_begin(id, to);
	case SLOT_HEADER: return header_may_change(&from->header, &to->header);
	case SLOT_POOL:
		return to->header.kind == SLOT_FREE
			       ? !from->pool.first_area
			       : to->header.kind == SLOT_POOL &&
					 pool_may_change(&from->pool, &to->pool);
	case SLOT_AREA:
		return to->header.kind == SLOT_FREE
			       ? area_may_end(&from->area)
			       : to->header.kind == SLOT_AREA &&
					 area_may_change(&from->area, &to->area);
	}
	return false;
}
