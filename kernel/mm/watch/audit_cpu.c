/* What CPUs keep in hand: the roots that they load and what is cached under which PCID, their
 * windows, spare tables and roots. */
#include "core/cpu.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/stock.h"
#include "mm/frame/window.h"
#include "mm/gate/current/user_half.h"
#include "mm/gate/gate.h"
#include "mm/table/cr3_load.h"
#include "mm/table/kaiser.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/asid.h"
#include "mm/tlb/tlb.h"
#include "mm/tlb/tlb_hw.h"
#include "mm/watch/audit_walk.h"

/* Also one that was prepared and then did not start. */
static bool has_cpu(unsigned id) { return id < NR_CPUS_MAX && cpus[id]; }

/* The address space that a CPU uses, and the one that it left, were visited. */
static bool is_known[NR_CPUS_MAX], is_left_known[NR_CPUS_MAX];

/* What the gate loads for the root that is in use. */
static void check_loads(struct audit *audit, const struct cpu *cpu, cr3_t kernel_cr3,
			cr3_t exit_cr3)
{
	const struct current *current = gate_current(cpu->id);
	uint64_t loaded = audit->loaded.value;
	bool is_left = current->left == pa_to_pfn(cr3_root((cr3_t){ loaded })).pfn;

	if (current->kernel_cr3.value != kernel_cr3.value) {
		audit_violation(audit, "CPU %u loads CR3 %#lx in the kernel, not %#lx", cpu->id,
				current->kernel_cr3.value, kernel_cr3.value);
	}
	if (current->exit_cr3.value != exit_cr3.value) {
		audit_violation(audit, "CPU %u loads CR3 %#lx on its way out, not %#lx", cpu->id,
				current->exit_cr3.value, exit_cr3.value);
	}
	if (cpu == this_cpu() && (loaded ^ kernel_cr3.value) & ~CR3_NOFLUSH && !is_left) {
		audit_violation(audit, "CPU %u has CR3 %#lx loaded, not %#lx", cpu->id, loaded,
				kernel_cr3.value);
	}
}

static void check_used(struct audit *audit, const struct cpu *cpu, pfn_t root)
{
	const struct current *current = gate_current(cpu->id);
	pcid_t pcid = { (uint16_t)(PCID_SLOT_FIRST + current->slot) };
	pcid_t exit_pcid = { pcid.pcid | PCID_USER_BIT };

	is_known[cpu->id] = true;
	if (current->slot >= NR_ASIDS || current->slots[current->slot].root != root.pfn) {
		audit_violation(audit, "CPU %u runs an address space in slot %u, another's",
				cpu->id, current->slot);
		return;
	}
	check_loads(audit, cpu, cr3_noflush(cr3_make(pfn_to_pa(root), pcid)),
		    cr3_noflush(cr3_make(pfn_to_pa(pfn_add(root, 1)), exit_pcid)));
}

void audit_cpus_of(struct audit *audit, const struct as *as)
{
	for (unsigned id = 0; has_cpu(id); id++) {
		const struct current *current = gate_current(id);

		if (current->root == as->root.pfn) {
			check_used(audit, cpus[id], as->root);
		}
		is_left_known[id] |= current->left == as->root.pfn;
		for (unsigned slot = 0; slot < NR_ASIDS; slot++) {
			if (current->slots[slot].root == as->root.pfn &&
			    current->slots[slot].generation > tlb_hw_generation(as->root.pfn)) {
				audit_violation(audit, "CPU %u, slot %u: of a generation to come",
						id, slot);
			}
		}
	}
}

/* One that a processor may have had in use. */
static bool is_published(pfn_t root)
{
	unsigned flags = pfn_is_valid(root) ? frame_entry(root)->flags : 0;

	return flags & TABLE_LINKED && (flags & TABLE_LEVEL) == LEVEL_MAX &&
	       !(flags & (TABLE_SHADOW | ROOT_NEW | ROOT_IDLE)) &&
	       frame_entry(root)->owner == OWNER_PTABLE;
}

static void check_slots(struct audit *audit, unsigned id)
{
	const struct user_slot *slots = gate_current(id)->slots;

	for (unsigned a = 0; a < NR_ASIDS; a++) {
		pfn_t root = { slots[a].root };

		if (root.pfn && !is_published(root)) {
			audit_violation(audit, "CPU %u: slot %u is of %#x, no address space's root",
					id, a, root.pfn);
		}
		for (unsigned b = 0; b < a; b++) {
			if (root.pfn && root.pfn == slots[b].root) {
				audit_violation(audit, "CPU %u: slots %u and %u are one's", id, b,
						a);
			}
		}
	}
}

static void check_tlb(struct audit *audit, const struct cpu *cpu)
{
	const struct current *current = gate_current(cpu->id);
	cr3_t boot = cr3_noflush(cr3_make(pfn_to_pa(kernel_root), (pcid_t){ PCID_BOOT }));

	if (current->root == kernel_root.pfn) {
		check_loads(audit, cpu, boot, half_exit_of(boot));
	} else if (!is_known[cpu->id]) {
		audit_violation(audit, "CPU %u uses root %#x, no address space's", cpu->id,
				current->root);
	}
	if (current->left && current->left != kernel_root.pfn && !is_left_known[cpu->id]) {
		audit_violation(audit, "CPU %u left root %#x, no address space's", cpu->id,
				current->left);
	}
	check_slots(audit, cpu->id);
	if (cpu->tlb.seen.value > ktlb_generation()) {
		audit_violation(audit, "CPU %u has seen a generation to come", cpu->id);
	}
	if (gate_in_force != ptprot_off && cpu->online &&
	    generation_seen(cpu->id) > generation_newest()) {
		audit_violation(audit, "CPU %u has seen a generation to come, the gate says",
				cpu->id);
	}
}

static bool is_empty(pfn_t table)
{
	const pte_t *entries = direct_map_pointer(table);
	uint64_t any = 0;

	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		any |= entries[i].value;
	}
	return !any;
}

/* Of the window nothing is shown, and behind it the APIC's registers, if anything. */
static bool is_closed(const pte_t *entries)
{
	uint64_t any = 0;

	/* the last one shows the table itself: audit_leaf.c */
	for (unsigned i = 0; i < PTES_PER_TABLE - 1; i++) {
		uint64_t expected = i == WINDOW_PAGES ? window_apic_entry().value : 0;

		any |= audit_without_use(entries[i]) ^ expected;
	}
	return !any;
}

/* Hidden frames are looked at by what this processor's sealed page says. */
static bool sealed_is_whole(const struct cpu *cpu)
{
	return gate_in_force == ptprot_off ||
	       (PERCPU_SEALED_READ(offsetof(struct cpu_sealed, gate_stack_top)) ==
			gate_stack_top(cpu->id) &&
		PERCPU_SEALED_READ(offsetof(struct cpu_sealed, gate_cr3)) ==
			tlb_window_cr3(cpu).value);
}

static void check_window(struct audit *audit, const struct cpu *cpu)
{
	unsigned slot = level_index(WINDOW_BASE, LEVEL_MAX);
	bool shows_kernel;

	audit->root_name = "window root";
	if (cpu->window_root.pfn % 2 || !audit_table(audit, cpu->window_root)) {
		audit_violation(audit, "CPU %u: frame %#x is no window root", cpu->id,
				cpu->window_root.pfn);
		return;
	}
	shows_kernel = audit_kernel_half(audit, cpu->window_root, slot);
	audit_user_half_empty(audit, cpu->window_root);
	audit->window_table = pointer_to_pfn(cpu->window_entries);
	audit_walk_slots(audit, cpu->window_root, slot, slot + 1);
	if (cpu->window_is_open ||
	    cpu->window_entries != ptable_entry(cpu->window_root, WINDOW_BASE, 1)) {
		audit_violation(audit, "CPU %u: its window is open, or is not where it was built",
				cpu->id);
	} else if (cpu == this_cpu()) {
		audit->has_window =
			shows_kernel && is_closed(cpu->window_entries) && sealed_is_whole(cpu);
	}
}

/* What is behind the slots that a CPU counts is not there for it (mm/frame/stock.h). */
static void check_stock(struct audit *audit, const struct cpu *cpu, const pfn_t *slots, unsigned nr,
			unsigned nr_slots)
{
	if (nr > nr_slots || stock_count(slots + nr, nr_slots - nr)) {
		audit_violation(audit, "CPU %u keeps frames behind those that it counts", cpu->id);
	}
}

/* Handed out as they are: a table must be empty, a pair of roots show the kernel and nobody else.
 */
static void check_spares(struct audit *audit, const struct cpu *cpu)
{
	audit->root_name = "spare table";
	for (unsigned i = 0; i < SPARE_TABLES_MAX; i++) {
		pfn_t table = cpu->spare_tables[i];

		if (stock_count(&table, 1) && audit_table(audit, table) && !is_empty(table)) {
			audit_violation(audit, "spare table at frame %#x is not empty", table.pfn);
		}
	}
	audit->root_name = "spare root";
	for (unsigned i = 0; i < SPARE_ROOTS_MAX; i++) {
		pfn_t root = cpu->spare_roots[i];

		if (!stock_count(&root, 1)) {
			continue;
		}
		if (root.pfn % 2 || !audit_table(audit, root) ||
		    !audit_table(audit, pfn_add(root, 1))) {
			audit_violation(audit, "spare root at frame %#x is no pair", root.pfn);
			continue;
		}
		audit_user_half_empty(audit, root);
		(void)audit_kernel_half(audit, root, PTES_PER_TABLE);
		audit_shadow_root(audit, root);
	}
}

static void check_stocks(struct audit *audit, const struct cpu *cpu)
{
	check_stock(audit, cpu, cpu->spare_tables, cpu->nr_spare_tables, SPARE_TABLES_MAX);
	check_stock(audit, cpu, cpu->spare_roots, cpu->nr_spare_roots, SPARE_ROOTS_MAX);
	check_stock(audit, cpu, cpu->frame_cache, cpu->nr_frame_cache, FRAME_CACHE_MAX);
}

/* What the entry code goes by. */
static void check_cpu(struct audit *audit, const struct cpu *cpu)
{
	const struct entry_set *set = &entry_sets[kaiser_in_force];
	uint64_t text = entry_text().va;

	if (cpu->entry_stack_top != entry_area_part_end(cpu->id, PART_ENTRY_STACK)) {
		audit_violation(audit, "CPU %u has another entry stack", cpu->id);
	}
	if (cpu->online && (cpu->leave_syscall_fast != text + set->leave_syscall ||
			    cpu->leave_trap != text + set->leave_trap)) {
		audit_violation(audit, "CPU %u leaves the kernel elsewhere", cpu->id);
	}
}

void audit_cpus(struct audit *audit)
{
	for (unsigned id = 0; has_cpu(id); id++) {
		check_cpu(audit, cpus[id]);
		check_tlb(audit, cpus[id]);
		check_window(audit, cpus[id]);
		check_spares(audit, cpus[id]);
		check_stocks(audit, cpus[id]);
		is_known[id] = is_left_known[id] = false;
	}
}
