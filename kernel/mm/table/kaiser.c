/* Which variant is in force, and how a running system changes it. */
#include "mm/table/kaiser.h"

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/entry/descriptors.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/rendezvous.h"
#include "mm/as/as.h"
#include "mm/as/as_init.h"
#include "mm/table/entry_area.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb_hw.h"

enum option_kaiser kaiser_in_force;

static_assert(kaiser_off == 0 && kaiser_nopcid == 1 && kaiser_pcid == 2, "the order of entry_sets");

/*
 * A program that came to run on its kernel root by mistake would find no code there: it faults at
 * once instead of going on unprotected.
 */
static uint64_t user_slot_flags(void) { return kaiser_in_force == kaiser_off ? 0 : ptable_nx(); }

void kaiser_init(void)
{
	kaiser_in_force = options.kaiser;
	if (kaiser_in_force == kaiser_pcid && !cpu_features.pcid) {
		kaiser_in_force = kaiser_nopcid;
		log_print("bulwark: kaiser=nopcid: this processor has no PCIDs\n");
	}
	ptable_user_slot_flags = user_slot_flags();
	options_show_instead("kaiser", (const unsigned *)&kaiser_in_force);
}

static uint64_t entries(const struct cpu *cpu) { return (cpu->syscalls_x2 + cpu->traps_twice) / 2; }

uint64_t kaiser_crossings(const struct cpu *cpu)
{
	bool is_on = kaiser_in_force != kaiser_off;

	return cpu->crossings + (is_on ? 2 * (entries(cpu) - cpu->entries_before_kaiser) : 0);
}

void kaiser_init_cpu(void)
{
	const struct entry_set *set = &entry_sets[kaiser_in_force];
	struct cpu *cpu = this_cpu();
	uint64_t text = entry_text().va;

	idt_load(entry_idt(kaiser_in_force));
	syscall_enable((va_t){ text + set->syscall });
	cpu->leave_syscall_fast = text + set->leave_syscall;
	cpu->leave_trap = text + set->leave_trap;
	cpu_leave_slowly(cpu);
}

static void update_as(struct as *as, void *unused)
{
	(void)unused;
	ptable_user_slots_update(as->root);
}

/* On every CPU, the others waiting: all of them stand in the kernel, and leave it the new way. */
static void take_new_way(void)
{
	struct cpu *cpu = this_cpu();

	kaiser_init_cpu();
	/* the way out may load no root from now on: the one in use is loaded */
	as_tlb_settle();
	cpu->entries_before_kaiser = entries(cpu);
	(void)ktlb_enter();
}

void kaiser_switch(bool on)
{
	rendezvous_stop_others();
	for (unsigned id = 0; id < nr_cpus; id++) {
		cpus[id]->crossings = kaiser_crossings(cpus[id]);
	}
	kaiser_in_force = !on ? kaiser_off : pcid_is_on ? kaiser_pcid : kaiser_nopcid;
	ptable_user_slot_flags = user_slot_flags();
	as_for_each(update_as, NULL);
	(void)ktlb_downgrade();
	rendezvous_run(take_new_way);
	rendezvous_release();
}
