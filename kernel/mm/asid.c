/* Chooses PCIDs. */
#include "mm/asid.h"

#include "mm/tlb_hw.h"

unsigned asid_search(struct as_tlb *tlb)
{
	const struct current *current = tlb_hw_current();
	struct tlb_cpu *cpu = tlb_hw_self();
	uint32_t slot = 0, next = __atomic_load_n(&cpu->slot_next, __ATOMIC_RELAXED);

	while (slot < NR_ASIDS &&
	       half_root(tlb_hw_read(&current->slots[slot].word)) != pa_to_pfn(tlb->root).pfn) {
		slot++;
	}
	if (slot == NR_ASIDS) {
		/* ordinary memory: whoever stores to it must not have another number come of it */
		slot = next < NR_ASIDS ? next : 0;
		cpu->slot_next = (slot + 1) % NR_ASIDS;
	}
	__atomic_store_n(&tlb->slot, slot, __ATOMIC_RELAXED);
	return slot;
}
