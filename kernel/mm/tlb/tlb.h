/*
 * TLB coherence: one header for those who map and unmap. Kernel half: ktlb.h; user half: as_tlb.h;
 * what an edit owes: tlb_batch.h. The protocol: docs/tlb.md.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "core/cpu.h"
#include "lib/types.h"
#include "mm/table/cr3_load.h"
#include "mm/tlb/as_tlb.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/ktlb.h"
#include "mm/tlb/tlb_batch.h"

/*
 * Boot CPU, once: loads the kernel's own root, turns PCIDs on where there are any, installs
 * poll_hook. Flushes.
 */
void tlb_boot(pa_t kernel_root);
/*
 * The same on each further CPU; its struct cpu must be in cpus[] and counted in nr_cpus before.
 * Flushes.
 */
void tlb_boot_cpu(void);

/*
 * Serves what other CPUs asked of this one. Every waiting loop calls it (poll_requests), and the
 * IPI's handler.
 */
void tlb_poll(void);

/* Asks another CPU to bring its generations up to date: request word and IPI. Full barrier. */
void tlb_request(unsigned id);

/*
 * What to load to open this CPU's window: its root under a PCID of its own. Never carries user-half
 * translations.
 */
static inline cr3_t tlb_window_cr3(const struct cpu *cpu)
{
	return cr3_noflush(cr3_make(pfn_to_pa(cpu->window_root), (pcid_t){ PCID_WINDOW }));
}
