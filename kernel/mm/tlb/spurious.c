/* Frames that were page tables are given back without a wait for others: block_unguard. */
#include "mm/tlb/spurious.h"

#include "arch/x86_64/cpu/registers.h"
#include "mm/frame/direct_map.h"
#include "mm/gate/gate.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb_hw.h"

bool spurious_store(uint64_t address, uint64_t error)
{
	pte_t pte;

	if ((error & ~(uint64_t)FAULT_KEY) != (FAULT_PRESENT | FAULT_WRITE) ||
	    policy_view_of(address) != VIEW_DIRECT_MAP) {
		return false;
	}
	pte = ptable_lookup(kernel_root, address, NULL);
	if (!pte_is_present(pte) || !pte_is_writable(pte) || gate_pte_is_guarded(pte)) {
		return false;
	}
	tlb_hw_flush_page(address);
	return true;
}
