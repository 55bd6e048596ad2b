/*
 * Address-space slots: which PCIDs of this CPU hold whose translations, and how old. All state is
 * in this CPU's struct tlb_cpu and touched by it alone.
 *
 *   PCID 0            boot root: no user half; also idle, and everything when PCIDs are off
 *   PCID 1 .. 6       kernel root of slot 0 .. 5
 *   PCID 7            window root
 *   PCID 0x801 ..     shadow root of slot 0 .. 5: the kernel's with bit 11 set
 */
#pragma once

#include "core/tlb_cpu.h"
#include "mm/as_tlb.h"

enum { PCID_BOOT = 0, PCID_SLOT_FIRST = 1, PCID_WINDOW = 7, PCID_USER_BIT = 0x800 };
static_assert(PCID_SLOT_FIRST + NR_ASIDS <= PCID_WINDOW, "slot PCIDs end before the window's");

/*
 * Makes an address space current: cpu->slot, kernel_cr3, exit_cr3. generation: of its user half,
 * read after it was marked active. Returns the value to load now; it lacks NOFLUSH if the slot is
 * stale or was another's. NULL: the boot root.
 */
cr3_t asid_select(struct tlb_cpu *cpu, struct as_tlb *tlb, uint64_t generation);

/* Flushes both PCIDs of the current slot, the user one on the way out; then they hold nothing older
 * than generation. */
void asid_flush(struct tlb_cpu *cpu, uint64_t generation);
/* Flushes single pages of it, which bring it from generation - 1 to generation. False: it is not
 * there, nothing done. */
bool asid_flush_pages(struct tlb_cpu *cpu, struct tlb_batch pages, uint64_t generation);

/* Everything was flushed under every PCID. */
void asid_note_flush_all(struct tlb_cpu *cpu);

/* The current slot's generation. */
uint64_t asid_generation(const struct tlb_cpu *cpu);
/* The oracle looks at what the exit path will load. */
void asid_check_exit(const struct tlb_cpu *cpu);
/* The boot root, which CPUs without an address space run on. Boot only. */
void asid_set_boot_root(pa_t root);
