/*
 * Address-space slots: which PCIDs hold whose translations. What each holds core/current.h says.
 *
 *   PCID 0            boot root: no user half; also idle, and everything when PCIDs are off
 *   PCID 1 .. 6       kernel root of slot 0 .. 5
 *   PCID 7            window root
 *   PCID 0x801 ..     shadow root of slot 0 .. 5: the kernel's with bit 11 set
 */
#pragma once

#include "core/tlb_cpu.h"
#include "mm/as_tlb.h"
#include "mm/tlb_hw.h"
#include "mm/user_half.h"

enum { PCID_BOOT = 0, PCID_SLOT_FIRST = 1, PCID_WINDOW = 7, PCID_USER_BIT = 0x800 };
static_assert(PCID_SLOT_FIRST + NR_ASIDS <= PCID_WINDOW, "slot PCIDs end before the window's");

/* Any slot's number. If the address space has none, the next one in turn. */
unsigned asid_search(struct as_tlb *tlb);
/*
 * The slot that this CPU is to use for it: where its translations are. As a rule all CPUs choose
 * alike, so processes that take turns keep their slots. No more than a hint: whose a slot is, and
 * how old, the switch asks (gate/user_half.h).
 */
static inline unsigned asid_choose(struct as_tlb *tlb)
{
	uint32_t slot = __atomic_load_n(&tlb->slot, __ATOMIC_RELAXED);

	if (LIKELY(slot < NR_ASIDS && half_root(tlb_hw_read(&tlb_hw_current()->slots[slot].word)) ==
					      pa_to_pfn(tlb->root).pfn)) {
		return slot;
	}
	return asid_search(tlb);
}
