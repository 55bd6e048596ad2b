/* Looks for mapped parts of a range. */
#include "mm/as/as_cover.h"

#include "core/poll.h"
#include "mm/as/region.h"

enum { COVER_PIECE = 64 };

bool as_part_find(struct as *as, uint64_t at, uint64_t end, struct as_part *out)
{
	const struct region *region;

	lock_acquire(&as->lock);
	region = region_first_above(as, at);
	if (region && region->start < end) {
		*out = (struct as_part){
			.start = MAX(region->start, at),
			.end = MIN(region->end, end),
			.is_shared = region->flags & REGION_SHARED,
		};
	} else {
		region = NULL;
	}
	lock_release(&as->lock);
	return region;
}

uint64_t as_covered_end(struct as *as, uint64_t at, uint64_t end)
{
	struct as_part part;

	for (unsigned nr = 1; at < end; nr++) {
		/* whether the thread must end is for the caller's own polls */
		if (nr % COVER_PIECE == 0) {
			(void)poll_call();
		}
		if (!as_part_find(as, at, end, &part) || part.start > at) {
			break;
		}
		at = part.end;
	}
	return at;
}
