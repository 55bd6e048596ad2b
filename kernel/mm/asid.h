/*
 * Address-space slots: which PCIDs of this CPU hold whose translations, and how old. The state is
 * in this CPU's struct tlb_cpu; other CPUs only read it (asid_has_seen).
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

enum { PCID_BOOT = 0, PCID_SLOT_FIRST = 1, PCID_WINDOW = 7, PCID_USER_BIT = 0x800 };
static_assert(PCID_SLOT_FIRST + NR_ASIDS <= PCID_WINDOW, "slot PCIDs end before the window's");

/* The current slot's generation. */
static inline uint64_t asid_generation(const struct tlb_cpu *cpu)
{
	return tlb_hw_read(&cpu->slots[cpu->slot].generation);
}

/*
 * Makes an address space's slot the current one. generation: of its user half, read after it was
 * marked active. As a rule all CPUs choose alike, so processes that take turns keep their slots.
 * Whether a slot is this address space's, the id alone says. False: nothing is done, as it is
 * another one, or stale.
 */
static inline bool asid_keep(struct tlb_cpu *cpu, const struct as_tlb *tlb, uint64_t generation)
{
	uint32_t slot = __atomic_load_n(&tlb->slot, __ATOMIC_RELAXED);
	const struct asid_slot *chosen = &cpu->slots[slot];
	bool is_kept = tlb_hw_read(&chosen->as_id) == tlb->id &&
		       tlb_hw_read(&chosen->generation) == generation;

	if (LIKELY(is_kept)) {
		cpu->slot = slot;
	}
	return is_kept;
}
/*
 * The same of any slot; its number. With SWITCH_FLUSH: it is stale or was another's; its PCIDs must
 * be flushed, and then comes asid_raise.
 */
unsigned asid_select(struct tlb_cpu *cpu, struct as_tlb *tlb, uint64_t generation);
/* The current slot's PCIDs hold nothing older any more. */
void asid_raise(struct tlb_cpu *cpu, uint64_t generation);

/* Flushes both PCIDs of the current slot; then they hold nothing older than generation. */
void asid_flush(struct tlb_cpu *cpu, uint64_t generation);
/* Flushes single pages of it, which bring it from generation - 1 to generation. False: it is not
 * there, nothing done. */
bool asid_flush_pages(struct tlb_cpu *cpu, struct tlb_batch pages, uint64_t generation);

/* Any CPU: does the CPU hold nothing of the address space that is older than the generation, under
 * PCIDs of a slot that it has? False too if it has none. */
bool asid_has_seen(const struct tlb_cpu *cpu, const struct as_tlb *tlb, uint64_t generation);

/* The oracle looks at what the exit path will load. */
void asid_check_exit(const struct tlb_cpu *cpu);
