/* A root's mappings as ranges. */
#pragma once

#include "abi/bulwark.h"
#include "lib/types.h"

/*
 * Fills in up to `max` ranges at or above `start`, in order of their addresses: how many there are.
 * A range ends where rights or region change, or nothing is mapped. The tables must not change
 * meanwhile: the other CPUs are stopped.
 */
unsigned ptdump_collect(pfn_t root, uint64_t start, struct bw_range *ranges, unsigned max);
