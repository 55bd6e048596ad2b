/* Faults that the page tables do not explain. */
#pragma once

#include "lib/types.h"

/*
 * A store of the kernel's to the direct map faulted, and the entry lets it: it became more
 * permissive, and this CPU's TLB has it as it was. Flushes the page; the store may go on. False:
 * the entry says no. Source: Intel SDM vol. 3A, "Optional Invalidation".
 */
bool spurious_store(uint64_t address, uint64_t error);
