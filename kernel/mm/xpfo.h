/*
 * Exclusive page-frame ownership (Kemerlis et al., "ret2dir", USENIX Security 2014; the Linux patch
 * series v1 to v9): a frame that user space can reach is not in the direct map. The variants differ
 * in how the entry leaves the TLBs.
 */
#pragma once

#include "lib/types.h"

bool xpfo_is_on(void);

/* Flushes: frames just taken out of the direct map leave every TLB that the variant in force
 * reaches. */
void xpfo_flush(pfn_t first, unsigned order);

/*
 * The published interface, for comparison: puts a hidden USER frame back into the direct map while
 * held, for every CPU to see. Nests, up to 255 deep. Not for the kernel's own use. kunmap flushes.
 */
void *xpfo_kmap(pfn_t frame);
void xpfo_kunmap(pfn_t frame);
