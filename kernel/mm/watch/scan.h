/* Looks for bytes in what the kernel owns. */
#pragma once

#include "abi/bulwark.h"
#include "lib/types.h"

/*
 * Counts the places, at any offset, of eight bytes whose complement is `inverse`: they themselves
 * must not come to lie in kernel memory by this. In all frames of the owners KERNEL, PTABLE and
 * ENTRY, and in the image's data. Every CPU but this one is stopped.
 */
enum scan_reach { SCAN_OWNED, SCAN_FREED };
void scan_kernel_memory(uint64_t inverse, enum scan_reach reach, struct bw_scan *out);
