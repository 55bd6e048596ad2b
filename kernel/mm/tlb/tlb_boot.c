/* Brings the TLB logic up on a CPU. */
#include "core/cpu.h"
#include "core/poll.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/tlb.h"
#include "mm/tlb/tlb_hw.h"

static RO_AFTER_INIT pa_t root;

/*
 * "In the kernel" is published first, so what this CPU's early translations may lack of a downgrade
 * is flushed here; whoever began to wait before it was counted has not asked it.
 */
void tlb_boot_cpu(void)
{
	struct tlb_cpu *cpu = tlb_hw_self();

	cr3_load(cr3_make(root, (pcid_t){ PCID_BOOT }));
	pcid_enable();
	cpu->seen.value = 0;
	(void)ktlb_enter();
	ktlb_serve();
}

void tlb_boot(pa_t kernel_root)
{
	root = kernel_root;
	tlb_boot_cpu();
	poll_hook = tlb_poll;
}
