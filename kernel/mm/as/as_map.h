/* What the calls that change regions have in common. */
#pragma once

#include "mm/as/as_change.h"
#include "mm/as/region.h"
#include "mm/table/layout.h"

/* Both ends are inside the user half and aligned for every region that they touch. */
static inline status_t range_check(uint64_t at, uint64_t len_bytes, uint64_t *end)
{
	if (!is_aligned(at, PAGE_SIZE) || at < USER_MIN || at >= USER_TOP || !len_bytes ||
	    len_bytes > USER_TOP - at) {
		return STATUS_EINVAL;
	}
	*end = at + align_up(len_bytes, PAGE_SIZE);
	return STATUS_OK;
}

static inline bool cuts_huge_page(struct as *as, uint64_t at)
{
	const struct region *region = as->has_huge ? region_find(as, at) : NULL;

	return region && region->flags & REGION_HUGE && !is_aligned(at, HUGE_SIZE);
}

/* Ends a piece when enough of it is done. True: the thread must end. */
static inline bool pause_after(struct as *as, unsigned *work)
{
	bool is_enough = UNLIKELY(*work >= WORK_ENOUGH);

	*work = is_enough ? 0 : *work;
	return is_enough && as_change_pause(as, CHANGE_REGIONS);
}

/* mmap and munmap within a change that the caller began, for brk, which is one of either: as as_map
 * and as_unmap, whose checks of length and rights the caller has made. */
status_t as_map_begun(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes,
		      unsigned rights, unsigned region_flags, uva_t *out) MUST_CHECK;
status_t as_unmap_begun(struct as *as, uva_t at, uint64_t len_bytes) MUST_CHECK;
