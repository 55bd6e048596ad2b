/*
 * The direct map as TLBs have it: 4 KiB pages, 2 MiB pages, and where the table of a page lay when
 * it was walked (paging-structure caches). Nothing is forgotten before a flush, and a walk may go
 * by what is cached of the upper levels. A flush of one address takes the pages of both sizes that
 * it lies in, and all of the paging-structure caches, as INVLPG does.
 */
#pragma once

#include "lib/types.h"

enum { THIS_CPU, OTHER_CPU, NR_TLBS };

/* A CPU uses the frame's address. False: nothing is there. */
bool direct_tlb_touch(unsigned tlb, pfn_t frame);
/* Could it still reach the frame; by a page of 2 MiB, at that? */
bool direct_tlb_has(unsigned tlb, pfn_t frame);
bool direct_tlb_has_large(unsigned tlb, pfn_t frame);
void direct_tlb_flush(unsigned tlb, uint32_t first, uint32_t nr);
