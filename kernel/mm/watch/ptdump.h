/* A root's mappings as ranges. */
#pragma once

#include "abi/bulwark.h"
#include "lib/status.h"
#include "lib/types.h"

struct ptdump {
	struct bw_range *ranges;
	unsigned nr, nr_max;
	uint64_t address; /* where to go on */
	bool is_done;     /* that was the last address */
};

/*
 * One piece: goes on to fill in ranges at or above dump->address, in order of their addresses. A
 * range ends where rights or region change, or nothing is mapped. The tables must not change
 * meanwhile: the other CPUs are stopped. False: there is more to do. Between two pieces the root
 * may have gone.
 */
bool ptdump_collect(pfn_t root, struct ptdump *dump) MUST_CHECK;
