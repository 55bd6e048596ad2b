/* BUILD=fuzz: lost wake-ups. */
#pragma once

#include "lib/types.h"

/*
 * FUZZ_NUDGE of fuzz_abi.h. Wakes those threads of the process, and of those that come from it,
 * that have slept since the worker's last nudge. How many; 0 also while others of them run.
 */
int64_t nudge(uint64_t worker, uint64_t pid);
