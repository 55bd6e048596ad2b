/* Writes CR3. */
#include "arch/x86_64/cpu/cr3.h"

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/cpu/tlb_port.h"
#include "lib/assert.h"

RO_AFTER_INIT bool pcid_is_on;

void cr3_write(cr3_t cr3)
{
	TLB_PORT(cr3, cr3.value);
	if (PCID_IS_SIMULATED) {
		cr3.value &= ~CR3_NOFLUSH;
	}
	asm volatile("mov %0, %%cr3" : : "r"(cr3.value) : "memory");
}

void pcid_enable(void)
{
	if (cpu_features.pcid) {
		assert(cr3_pcid(cr3_read()).pcid == 0);
		cr4_write(cr4_read() | (PCID_IS_SIMULATED ? 0 : CR4_PCIDE));
		/* the other CPUs come up when the variable is read-only, and right */
		if (!pcid_is_on) {
			pcid_is_on = true;
		}
	}
}
