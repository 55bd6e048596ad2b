/* madvise(MADV_DONTNEED). */
#include "mm/as/as_map.h"
#include "mm/as/as_pages.h"

/* Caller began a change. ENOMEM: there was a hole. */
static status_t range_discard(struct as *as, uint64_t start, uint64_t end)
{
	status_t status = STATUS_OK;
	struct released released;
	unsigned work = 0;

	while (start < end) {
		const struct region *region = region_first_above(as, start);
		uint64_t next = region ? MIN(region->end, end) : end;

		if (!region || region->start > start) {
			status = STATUS_ENOMEM;
			start = region ? MIN(region->start, end) : end;
		} else if (region->flags & REGION_SHARED) {
			/* shared memory keeps its contents: others may still use it */
			start = next;
		} else {
			start = as_pages_drop(as, region, start, next, &released, &work);
			start = MIN(start, next);
			as_released_put(as, &released);
		}
		work += region_work(as);
		if (start < end && pause_after(as, &work)) {
			return STATUS_EINTR;
		}
	}
	return status;
}

status_t as_discard(struct as *as, uva_t at, uint64_t len_bytes)
{
	uint64_t end;
	status_t status = len_bytes ? range_check(at.uva, len_bytes, &end) : STATUS_OK;

	if (status || !len_bytes) {
		return status;
	}
	status = as_change_begin(as);
	if (status) {
		return status;
	}
	status = cuts_huge_page(as, at.uva) || cuts_huge_page(as, end)
			 ? STATUS_EINVAL
			 : range_discard(as, at.uva, end);
	as_change_end(as);
	return status;
}
