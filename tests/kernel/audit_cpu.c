/* The auditor sees what a CPU keeps and must not: roots to load, PCIDs, its window, spare tables.
 */
#include "audit_plant.h"
#include "core/cpu.h"
#include "mm/as/as.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/current/user_half.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/asid.h"
#include "task/process/process.h"

#define TEST_PAGE (USER_MIN + 16 * PAGE_SIZE)

static void plant_loads(const struct as *other)
{
	struct current *current = (struct current *)(uint64_t)gate_current(this_cpu()->id);
	cr3_t boot = cr3_noflush(cr3_make(pfn_to_pa(kernel_root), (pcid_t){ PCID_BOOT }));
	struct current own = *current, none = own;

	/* one that can be loaded: the audit opens the window, and what it closes to is this */
	PLANT(current->kernel_cr3.value,
	      (own.kernel_cr3.value & ~CR3_ROOT_MASK) | pfn_to_pa(other->root).pa,
	      "in the kernel, not", "another root for the kernel");
	PLANT(current->kernel_cr3.value, own.kernel_cr3.value ^ 1, "in the kernel, not",
	      "another PCID for the kernel");
	PLANT(current->exit_cr3.value, own.exit_cr3.value ^ 2 * PAGE_SIZE, "on its way out",
	      "another root for the way out");
	PLANT(current->exit_cr3.value, own.exit_cr3.value ^ PAGE_SIZE, "on its way out",
	      "the kernel's root for the way out");
	if (pcid_is_on) {
		PLANT(current->exit_cr3.value, own.exit_cr3.value & ~CR3_NOFLUSH, "on its way out",
		      "a way out that flushes");
	}
	PLANT(current->root, other->root.pfn, "another's", "another current root");
	PLANT(current->root, other->root.pfn + 1, "uses root", "a current root that is none");
	PLANT(current->left, other->root.pfn + 1, "left root", "a root that was left and is none");
	/* all of this CPU says that it has no address space, and it has one */
	none.root = kernel_root.pfn;
	none.kernel_cr3 = boot;
	none.exit_cr3 = half_exit_of(boot);
	FORCE(*current = none);
	expect_violation("loaded, not", "another root than the one that is loaded");
	PLANT(current->exit_cr3.value, own.exit_cr3.value, "on its way out",
	      "a root for the way out where there is no address space");
	FORCE(*current = own);
}

static void plant_slots(struct tlb_cpu *tlb)
{
	struct current *current = (struct current *)(uint64_t)gate_current(this_cpu()->id);
	struct user_slot *slot = &current->slots[current->slot];
	struct user_slot *next = &current->slots[(current->slot + 1) % NR_ASIDS];

	PLANT(slot->root, 0, "another's", "a slot of another address space");
	PLANT(current->slot, NR_ASIDS, "another's", "a slot that there is not");
	PLANT(slot->generation, UINT32_MAX, "of a generation to come",
	      "a slot of a generation to come");
	PLANT(*next, *slot, "are one's", "two slots of one address space");
	PLANT(next->root, kernel_root.pfn + 1, "no address space's root",
	      "a slot of what is no address space's root");
	PLANT(tlb->seen.value, UINT64_MAX, "has seen a generation to come",
	      "a generation that is to come and was seen");
}

static void plant_window(struct cpu *cpu)
{
	pte_t *slots = direct_map_pointer(cpu->window_root);

	PLANT(cpu->window_entries, cpu->window_entries + 1, "is not where it was built",
	      "a window in another place");
	PLANT(cpu->window_is_open, true, "its window is open", "an open window");
	if (nr_cpus == 1) { /* else it is loaded to interrupt the others */
		PLANT(cpu->window_root.pfn, cpu->window_root.pfn + 1, "is no window root",
		      "a window root with an odd number");
	}
	plant(&slots[PTES_PER_TABLE - 2], pte_read(&slots[PTES_PER_TABLE - 1]),
	      "window root: kernel half differs", "a window root whose kernel half differs");
}

/* What the entry code goes by. */
static void plant_cpu(struct cpu *cpu)
{
	PLANT(cpu->entry_stack_top, cpu->entry_stack_top + PAGE_SIZE, "has another entry stack",
	      "another CPU's entry stack");
	PLANT(cpu->leave_trap, cpu->leave_trap + 1, "leaves the kernel elsewhere",
	      "another way out");
	PLANT(cpu->leave_syscall_fast, (uint64_t)audit_run, "leaves the kernel elsewhere",
	      "another way out of a call");
}

/* Handed out as they are. */
static void plant_spares(struct cpu *cpu, pfn_t spare_frame)
{
	/* the last ones are there: somebody may have taken others */
	pfn_t *roots = &cpu->spare_roots[cpu->nr_spare_roots - 1];
	pfn_t *tables = &cpu->spare_tables[cpu->nr_spare_tables - 2];
	pfn_t root = *roots;
	pte_t *kernel = direct_map_pointer(root), *shadow = kernel + PTES_PER_TABLE;
	unsigned entry_slot = level_index(ENTRY_AREA_BASE, LEVEL_MAX);
	pte_t *last = (pte_t *)direct_map_pointer(tables[0]) + PTES_PER_TABLE - 1;

	plant(last, pte_make(spare_frame, PTE_PRESENT), "is not empty",
	      "a spare table that is not empty");
	PLANT(tables[0], spare_frame, "spare table: page table at frame",
	      "a spare table that is none");
	PLANT(tables[0], tables[1], "is in use twice", "a spare table that is kept twice");
	PLANT(cpu->nr_spare_tables, SPARE_TABLES_MAX + 1, "behind those that it counts",
	      "more spare tables than there is room for");
	PLANT(cpu->nr_spare_roots, cpu->nr_spare_roots - 1, "behind those that it counts",
	      "a spare root that is not counted");
	PLANT(cpu->nr_frame_cache, FRAME_CACHE_MAX + 1, "behind those that it counts",
	      "more free frames than there is room for");
	plant(&kernel[0], pte_make(spare_frame, PTE_PRESENT), "spare root: slot 0 of the user half",
	      "a spare root with a user half");
	plant(&kernel[PTES_PER_TABLE - 1], PTE_NONE, "spare root: kernel half differs",
	      "a spare root whose kernel half differs");
	plant(&shadow[0], pte_make(spare_frame, PTE_PRESENT), "shadow root at frame",
	      "a spare shadow root with a user half");
	plant(&shadow[entry_slot], PTE_NONE, "shadow root at frame",
	      "a spare shadow root without the entry area");
	plant(&shadow[PTES_PER_TABLE - 1], kernel[PTES_PER_TABLE - 1], "shadow root at frame",
	      "a spare shadow root that shows the kernel");
	PLANT(roots->pfn, root.pfn + 1, "is no pair", "half a pair of spare roots");
}

static status_t make_spares(void)
{
	struct as *as;
	status_t status = as_create(&as);
	uva_t at;

	if (status == STATUS_OK) {
		status = as_map(as, AS_MAP_FIXED, TEST_PAGE, PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0,
				&at);
		if (status == STATUS_OK) {
			status = as_write(as, at, "x", 1);
		}
		as_put(as);
	}
	return status;
}

KTEST_SUITE(audit_cpu)
{
	struct cpu *cpu = this_cpu();
	pfn_t spare_frame;
	struct as *other;

	if (make_spares() || as_create(&other)) {
		ktest_skip("no memory for an address space");
		return;
	}
	if (frame_alloc_zeroed(OWNER_KERNEL, 0, &spare_frame)) {
		as_put(other);
		ktest_skip("no memory for a frame");
		return;
	}
	expect_clean("before");
	plant_loads(other);
	plant_slots(&cpu->tlb);
	plant_window(cpu);
	plant_cpu(cpu);
	as_put(other);
	if (cpu->nr_spare_roots && cpu->nr_spare_tables > 1) {
		plant_spares(cpu, spare_frame);
	} else {
		ktest_skip("this CPU keeps no spare tables");
	}
	frame_free_kernel(spare_frame, 0);
	expect_clean("afterwards");
}
