/* Counting what there is: a test looks before and afterwards, whether all came back. */
#pragma once

#include "bulwark.h"

/* What the kernel counts now. */
struct bw_memory_info memory_now(void);
/* Frames that are free now, shown in the direct map or hidden from it. */
uint64_t memory_nr_free(void);
/*
 * Blocks. What the kernel counts once there are no more than so many processes: process 1 buries
 * orphans in its own time. After ten seconds it is what is then.
 */
struct bw_memory_info memory_settled(uint64_t nr_processes);
