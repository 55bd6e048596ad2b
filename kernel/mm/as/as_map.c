/* The calls that change regions: mmap, munmap, mprotect, madvise. */
#include "mm/as/as_map.h"

#include "lib/assert.h"
#include "mm/as/as_change.h"
#include "mm/as/as_pages.h"
#include "mm/table/layout.h"

/* mmap looks for room below this; the stack and its guard lie above. */
#define MMAP_TOP (USER_TOP - (64ul << 20))
enum { RIGHTS_ALL = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE };

/* Removes the lower part of a region, and its pages. Returns where there is more. */
static inline __attribute__((always_inline)) uint64_t
region_clear(struct as *as, struct region *region, unsigned *work)
{
	struct released released;
	uint64_t at = as_pages_drop(as, region, region->start, region->end, &released, work);

	if (at < region->end) {
		region_set_start(as, region, at);
	} else {
		at = region->end;
		region_delete(as, region);
		*work += region_work(as);
	}
	as_released_put(as, &released);
	return at;
}

/*
 * Removes all regions and pages of [start, end), from below. Caller began a change and filled the
 * spares. EINTR: the thread must end; the upper part is still there.
 */
static inline __attribute__((always_inline)) status_t range_clear(struct as *as, uint64_t start,
								  uint64_t end)
{
	struct region *region = region_cut(as, start);
	unsigned work = 0;

	as->has_stray_tables = true;
	while (region && region->start < end) {
		if (region->end > end) {
			(void)region_cut(as, end);
		}
		start = region_clear(as, region, &work);
		if (start >= end) {
			break;
		}
		if (pause_after(as, &work)) {
			return STATUS_EINTR;
		}
		region = region_first_above(as, start);
	}
	return STATUS_OK;
}

/* Room for tables of 2 MiB pages. EINTR as above. */
static status_t stray_tables_drop(struct as *as, uint64_t start, uint64_t end)
{
	unsigned work = 0;

	while ((start = as_tables_drop(as, start, end, &work)) < end) {
		if (pause_after(as, &work)) {
			return STATUS_EINTR;
		}
	}
	return STATUS_OK;
}

/* May a region be here, with the others left alone? */
static bool place_fits(uint64_t at, uint64_t len_bytes, uint64_t align)
{
	uint64_t end;

	return is_aligned(at, align) && range_check(at, len_bytes, &end) == STATUS_OK;
}

/* Exactly here: MAP_FIXED and its like. Caller began a change. */
static status_t place_check(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes,
			    uint64_t align)
{
	if (!place_fits(at, len_bytes, align)) {
		return STATUS_EINVAL;
	}
	if (how == AS_MAP_FIXED_NOREPLACE) {
		return region_range_is_free(as, at, at + len_bytes) ? STATUS_OK : STATUS_EEXIST;
	}
	return cuts_huge_page(as, at) || cuts_huge_page(as, at + len_bytes) ? STATUS_EINVAL
									    : STATUS_OK;
}

/* Where the new region goes. *at: where it is wanted. Caller holds the lock. */
static inline __attribute__((always_inline)) status_t
place_choose(struct as *as, enum as_map_how how, uint64_t *at, uint64_t len_bytes, uint64_t align)
{
	assert(lock_is_held(&as->lock));
	if (how == AS_MAP_FIXED || how == AS_MAP_FIXED_NOREPLACE) {
		return place_check(as, how, *at, len_bytes, align);
	}
	if (how == AS_MAP_HINT && place_fits(*at, len_bytes, align) &&
	    region_range_is_free(as, *at, *at + len_bytes)) {
		return STATUS_OK;
	}
	*at = region_find_gap(as, len_bytes, align, how == AS_MAP_LOW ? LOW_TOP : MMAP_TOP);
	return *at ? STATUS_OK : STATUS_ENOMEM;
}

static __attribute__((noinline)) status_t place_clear(struct as *as, uint64_t start, uint64_t end)
{
	return range_clear(as, start, end);
}

/* Makes the place free and puts the region there. EINTR: the thread must end. */
static inline __attribute__((always_inline)) status_t
region_place(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes, unsigned rights,
	     unsigned region_flags)
{
	status_t status = STATUS_OK;

	if (how == AS_MAP_FIXED) {
		status = place_clear(as, at, at + len_bytes);
	}
	if (status == STATUS_OK && region_flags & REGION_HUGE) {
		status = stray_tables_drop(as, at, at + len_bytes);
	}
	if (status == STATUS_OK) {
		region_add(as, at, at + len_bytes, rights, region_flags);
		as->has_huge |= (region_flags & REGION_HUGE) != 0;
	}
	return status;
}

static inline __attribute__((always_inline)) status_t map_begun(struct as *as, enum as_map_how how,
								uint64_t at, uint64_t len_bytes,
								unsigned rights,
								unsigned region_flags, uva_t *out)
{
	uint64_t align = region_flags & REGION_HUGE ? HUGE_SIZE : PAGE_SIZE;
	status_t status;

	len_bytes = align_up(len_bytes, align);
	status = region_spares_fill(as, how == AS_MAP_FIXED ? 3 : 1);
	if (status == STATUS_OK) {
		status = place_choose(as, how, &at, len_bytes, align);
	}
	if (status == STATUS_OK && !region_has_room(as, at, at + len_bytes, 1)) {
		status = STATUS_ENOMEM;
	}
	if (status == STATUS_OK) {
		status = region_place(as, how, at, len_bytes, rights, region_flags);
	}
	if (status == STATUS_OK) {
		out->uva = at;
	}
	return status;
}

status_t as_map(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes,
		unsigned rights, unsigned region_flags, uva_t *out)
{
	status_t status;

	if (!len_bytes || len_bytes > USER_TOP || rights & ~RIGHTS_ALL) {
		return len_bytes > USER_TOP ? STATUS_ENOMEM : STATUS_EINVAL;
	}
	status = as_change_begin(as);
	if (status == STATUS_OK) {
		status = map_begun(as, how, at, len_bytes, rights, region_flags, out);
		as_change_end(as);
	}
	return status;
}

/* May [start, end) change? Caller began a change. After this the change cannot fail. */
static inline __attribute__((always_inline)) status_t
change_prepare(struct as *as, uint64_t start, uint64_t end, unsigned nr_spares)
{
	if (cuts_huge_page(as, start) || cuts_huge_page(as, end)) {
		return STATUS_EINVAL;
	}
	return region_has_room(as, start, end, 0) ? region_spares_fill(as, nr_spares)
						  : STATUS_ENOMEM;
}

static inline __attribute__((always_inline)) status_t unmap_begun(struct as *as, uva_t at,
								  uint64_t len_bytes)
{
	uint64_t end = at.uva + align_up(len_bytes, PAGE_SIZE);
	status_t status = change_prepare(as, at.uva, end, 2);

	return status ? status : range_clear(as, at.uva, end);
}

status_t as_unmap(struct as *as, uva_t at, uint64_t len_bytes)
{
	uint64_t end;
	status_t status = range_check(at.uva, len_bytes, &end);

	if (status == STATUS_OK) {
		status = as_change_begin(as);
	}
	if (status == STATUS_OK) {
		status = unmap_begun(as, at, len_bytes);
		as_change_end(as);
	}
	return status;
}

/* Caller began a change. ENOMEM: not every byte of [start, end) is in a region. EINTR: the thread
 * must end. */
static status_t check_covered(struct as *as, uint64_t start, uint64_t end)
{
	const struct region *region = region_find(as, start);
	unsigned work = 0;

	while (region && region->start <= start && region->end < end) {
		start = region->end;
		region = region_next(as, region);
		work += WORK_REGION / 32;
		if (pause_after(as, &work)) {
			return STATUS_EINTR;
		}
	}
	return region && region->start <= start ? STATUS_OK : STATUS_ENOMEM;
}

/* From `start` on as much of a region as is a piece, up to `end` at most, gets these rights.
 * Returns where that ends. */
static uint64_t region_protect(struct as *as, uint64_t start, uint64_t end, unsigned rights,
			       unsigned *work)
{
	struct region *region = region_first_above(as, start), wanted;
	uint64_t at;

	end = MIN(end, region->end);
	*work += region_work(as);
	if (region->rights == rights) {
		return end; /* as it was, or joined with the piece before */
	}
	region = region_cut(as, start);
	region_set_rights(&wanted, rights, region->flags);
	at = as_pages_protect(as, &wanted, start, end, work);
	at = MIN(at, end);
	(void)region_cut(as, at);
	region_set_rights(region, rights, region->flags);
	region_join(as, start, at);
	return at;
}

/* Caller began a change, checked the range and filled three spares: a cut below, one above, and one
 * where a piece ends, which is joined with the next. */
static status_t range_protect(struct as *as, uint64_t start, uint64_t end, unsigned rights)
{
	unsigned work = 0;

	while (start < end) {
		start = region_protect(as, start, end, rights, &work);
		if (start < end && pause_after(as, &work)) {
			return STATUS_EINTR;
		}
	}
	return STATUS_OK;
}

status_t as_protect(struct as *as, uva_t at, uint64_t len_bytes, unsigned rights)
{
	uint64_t end;
	status_t status;

	if (!len_bytes && is_aligned(at.uva, PAGE_SIZE)) {
		return STATUS_OK;
	}
	status = range_check(at.uva, len_bytes, &end);
	if (status || rights & ~RIGHTS_ALL) {
		return STATUS_EINVAL;
	}
	status = as_change_begin(as);
	if (status) {
		return status;
	}
	status = change_prepare(as, at.uva, end, 3);
	if (status == STATUS_OK) {
		status = check_covered(as, at.uva, end);
	}
	if (status == STATUS_OK) {
		status = range_protect(as, at.uva, end, rights);
	}
	as_change_end(as);
	return status;
}

status_t as_map_begun(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes,
		      unsigned rights, unsigned region_flags, uva_t *out)
{
	return map_begun(as, how, at, len_bytes, rights, region_flags, out);
}

status_t as_unmap_begun(struct as *as, uva_t at, uint64_t len_bytes)
{
	return unmap_begun(as, at, len_bytes);
}
