/* The other processors: found, given their data, started one after the other. */
#include "task/sched/processors.h"

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/entry/context.h"
#include "arch/x86_64/entry/entry_area.h"
#include "arch/x86_64/smp/ap_start.h"
#include "arch/x86_64/smp/apic.h"
#include "arch/x86_64/smp/madt.h"
#include "core/boot_info.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/options.h"
#include "lib/string.h"
#include "mm/frame/kspace.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/table/entry_area.h"
#include "mm/table/kaiser.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"
#include "task/sched/irq.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"

extern char boot_tables[], boot_tables_end[]; /* boot/boot.asm */

static struct madt_cpus found;
static RO_AFTER_INIT va_t start_page;

va_t processors_start_page(void) { return start_page; }

static const void *show_table(pa_t pa, uint64_t len_bytes)
{
	va_t at;

	return ioremap(pa, len_bytes, DEVICE_UNCACHED, &at) == STATUS_OK ? (const void *)at.va
									 : NULL;
}

/*
 * First C code of a processor: on its #DF stack, which nothing else uses yet, GS at its entry page.
 */
static void processor_main(void)
{
	struct cpu *cpu = this_cpu();

	features_enable((struct cpu_wants){ .smep = options.smep == smep_on,
					    .smap = options.smap == smap_on,
					    .umip = options.umip == umip_on });
	entry_area_load(cpu->id);
	tlb_boot_cpu();
	kaiser_init_cpu();
	fpu_init_cpu();
	apic_init_cpu();
	irq_start_cpu();
	/* pairs with ap_start's wait; from here on the boot CPU goes on with the next one */
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
	sched_enter();
}

/*
 * Data for one more processor. It counts in nr_cpus before it runs, so that no downgrade forgets
 * it. ENOMEM.
 */
static status_t processor_prepare(uint32_t apic_id, struct cpu **out)
{
	struct cpu *cpu;
	status_t status = entry_area_add_cpu(nr_cpus, &cpu);

	if (status == STATUS_OK) {
		status = window_init_cpu(cpu);
	}
	if (status == STATUS_OK) {
		gate_add_cpu(cpu->id);
		status = sched_init_cpu(cpu);
	}
	if (status) {
		return status;
	}
	cpu->apic_id = apic_id;
	cpu->lowest_regs = cpu->idle->lowest_regs;
	timer_init_cpu(cpu->id);
	cpus[cpu->id] = cpu;
	__atomic_store_n(&nr_cpus, nr_cpus + 1, __ATOMIC_RELEASE);
	*out = cpu;
	return STATUS_OK;
}

static bool processor_start(uint32_t apic_id)
{
	struct cpu *cpu;

	if (processor_prepare(apic_id, &cpu)) {
		log_print("bulwark: no memory for another processor\n");
		return false;
	}
	if (ap_start(apic_id, entry_area_part_end(cpu->id, PART_DF_HANDLER), (uint64_t)cpu->entry,
		     processor_main, &cpu->online)) {
		return true;
	}
	log_print("bulwark: the processor with APIC id %u did not start\n", apic_id);
	__atomic_store_n(&nr_cpus, nr_cpus - 1, __ATOMIC_RELEASE);
	return false;
}

static bool is_boot_cpu(uint32_t apic_id) { return apic_id == cpus[0]->apic_id; }

static void start_each(void)
{
	for (unsigned i = 0; i < found.nr && nr_cpus < NR_CPUS_MAX; i++) {
		if (!is_boot_cpu(found.apic_ids[i]) && !processor_start(found.apic_ids[i])) {
			break;
		}
	}
}

/* The page that they start in can run code without page tables: it goes again. */
static void start_all(const struct boot_info *info)
{
	if (madt_read(info->rsdp, info->rsdp_len, show_table, &found)) {
		log_print("bulwark: one processor: %s\n", found.error);
		return;
	}
	if (found.nr_refused) {
		log_print("bulwark: %u entries of the MADT refused\n", found.nr_refused);
	}
	if (ioremap((pa_t){ AP_START_PA }, PAGE_SIZE, DEVICE_UNCACHED, &start_page)) {
		log_print("bulwark: one processor: no memory to map where the others start\n");
		return;
	}
	ap_start_init(start_page, (pa_t){ LOAD_BASE + (uint64_t)(boot_tables - image_start) },
		      pfn_to_pa(kernel_root));
	start_each();
	if (options.authority == authority_on) {
		memset((void *)start_page.va, 0, PAGE_SIZE);
		device_unmap(start_page);
		start_page = (va_t){ 0 };
	}
	log_print("bulwark: %u processor%s, %s\n", nr_cpus, nr_cpus == 1 ? "" : "s",
		  apic_mode_name());
}

void processors_start(const struct boot_info *info)
{
	start_all(info);
	/* nobody needs them any more, and they map low memory writable and executable */
	memset(boot_tables, 0, (size_t)(boot_tables_end - boot_tables));
}
