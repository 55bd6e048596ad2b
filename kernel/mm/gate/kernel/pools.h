/* In the gate: descriptors of pools, which are sealed memory. */
#pragma once

#include "mm/gate/operations.h"
#include "mm/pool/pool.h"

/* May this be written in place of that? */
bool pool_slot_may_become(slot_id id, const union pool_slot *from, const union pool_slot *to);
/* The frame of a page, if it is a pool's. */
bool pool_page_find(uint64_t at, pfn_t *out);
