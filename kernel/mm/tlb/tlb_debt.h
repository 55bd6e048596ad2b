/*
 * Debug builds: whoever makes a page-table entry stricter owes the TLBs a flush. pte_write records
 * the entry for this CPU; a downgrade, with what follows it, pays. Nothing may be owed where the
 * lock of the entries is released (core/lock.h), where a frame changes hands or a page table is
 * freed, at a switch and on the way to user mode.
 *
 *   user half     as_tlb_downgrade of a range that covers the entry, for its address space
 *   kernel half   ktlb_downgrade; then the generation is waited for, or handed to the quarantine
 *   window        INVLPG of the page, on this CPU
 *
 * Release builds have none of these functions: calls stand behind ASSERTIONS.
 */
#pragma once

#include "core/cpu.h"
#include "lib/assert.h"
#include "lib/types.h"

void tlb_debt_downgraded(uint64_t generation);
/* No CPU can use what generations up to this one removed. */
void tlb_debt_completed(uint64_t generation);
/* That was claimed before, by some CPU. Stays true. */
bool tlb_debt_is_completed(uint64_t generation);
/* Kernel entries of this CPU stay usable: a variant of XPFO wants it so. */
void tlb_debt_waive(void);
/* The quarantine waits for the generation. */
void tlb_debt_hand_over(uint64_t generation);
/* [start, end) of the address space with this kernel root, on every CPU. */
void tlb_debt_user_flushed(pa_t root, uint64_t start, uint64_t end);
/* On this CPU alone: enough for its window. */
void tlb_debt_page_flushed(uint64_t address);

static inline void tlb_debt_assert_none(void)
{
	assert(!this_cpu()->owed.nr_user && !this_cpu()->owed.nr_kernel &&
	       !this_cpu()->owed.generation);
}
