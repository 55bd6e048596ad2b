/* Which part of a range is mapped: for calls that do what they can and then tell of a hole. */
#pragma once

#include "mm/as/as.h"

/*
 * The first mapped part of [at, end), addresses in bytes, and whether it is shared memory. False:
 * nothing of it is mapped. A part is what one region covers. Takes as->lock.
 */
struct as_part {
	uint64_t start, end;
	bool is_shared;
};
bool as_part_find(struct as *as, uint64_t at, uint64_t end, struct as_part *out) MUST_CHECK;
/* Where the mapped memory that begins at `at` ends, `end` at most; `at`: nothing is there. Blocks:
 * in pieces. */
uint64_t as_covered_end(struct as *as, uint64_t at, uint64_t end);
/* Is all of [at, end) mapped? Blocks as above. */
static inline bool as_covers(struct as *as, uint64_t at, uint64_t end)
{
	return at >= end || as_covered_end(as, at, end) == end;
}
