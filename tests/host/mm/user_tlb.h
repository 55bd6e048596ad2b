/*
 * What a CPU with a very large TLB remembers of user halves: every translation that a test's
 * accesses used, and every page table that its walks passed, until as_tlb.h's functions flush it.
 * An access takes what is remembered before it looks at the page tables, as the processor does.
 */
#pragma once

#include "lib/types.h"
#include "mm/as/as.h"

/* One access: the frame that it reaches, of 4 KiB. False: page fault, after which the page is not
 * remembered. */
bool user_tlb_access(const struct as *as, uint64_t address, unsigned rights, pfn_t *out);

/* Dies when a remembered translation is not, or allows more than, what the page tables say now. */
void user_tlb_check(void);
/* Dies when one leads to one of these frames, as page or as page table. */
void user_tlb_assert_unused(pfn_t first, uint32_t nr);
/* Dies when one lets somebody write to one of these frames. */
void user_tlb_assert_not_writable(pfn_t first, uint32_t nr);
/* The CPU leaves the address space for good: page tables are forgotten; translations must be
 * flushed by then. */
void user_tlb_leave(const struct as *as);
