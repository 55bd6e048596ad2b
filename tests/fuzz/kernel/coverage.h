/* BUILD=fuzz: where the kernel has been. Any context, from the first C line on. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/*
 * trace.asm: a pair of points, from << FUZZ_POINT_BITS | to, that may be new. From nowhere, 0: the
 * point was reached, by whatever way.
 */
void coverage_take(uint64_t pair);
extern uint64_t coverage_last[], coverage_pairs[];

/* From now on each edge says which processor took it first. All are up. */
void coverage_tell_cpus(void);
/* FUZZ_EDGES of fuzz_abi.h. No lock may be held. EFAULT. */
int64_t coverage_read(uint64_t first, uint64_t at, uint64_t nr);
