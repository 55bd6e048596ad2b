/* The auditor sees what is wrong with what user mode's roots show of the kernel. */
#include "arch/x86_64/cpu/registers.h"
#include "audit_plant.h"
#include "core/cpu.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/window.h"
#include "mm/table/entry_area.h"
#include "mm/table/kaiser.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "task/process/boot_archive.h"

#define TEST_PAGE (USER_MIN + 16 * PAGE_SIZE)

/* A word in the entry page, at an odd place. */
static void plant_bytes(uint64_t word, const char *what)
{
	char *at = (char *)this_cpu()->entry + PAGE_SIZE / 2 + 1;
	uint64_t saved;

	memcpy(&saved, at, sizeof(saved));
	memcpy(at, &word, sizeof(word));
	expect_violation("tells a kernel address", what);
	memcpy(at, &saved, sizeof(saved));
}

/* Pages of the entry area, in kernel roots and in shadow roots. Other CPUs go on meanwhile, so it
 * is an IDT that is not in force, and text only where there is no other. */
static void plant_in_entry_area(pfn_t spare_frame)
{
	static const char *const names[] = { "kernel roots", "shadow roots" };
	uint64_t entry = (uint64_t)this_cpu()->entry, part = entry - ENTRY_PAGE_OFFSET;
	uint64_t rw = PTE_PRESENT | PTE_WRITABLE | ptable_nx();
	uint64_t stack = part + entry_parts[PART_NMI_STACK].offset;

	for (enum entry_roots roots = 0; roots < NR_ENTRY_ROOTS; roots++) {
		pfn_t root = entry_area_root(roots);
		unsigned unused = (kaiser_in_force + 1) % NR_ENTRY_SETS;
		pte_t *idt = ptable_entry(root, entry_idt(unused).va, 1);

		ktest_diag("%s", names[roots]);
		plant(idt, pte_with(pte_read(idt), PTE_WRITABLE),
		      entry_area_state(PART_IDT) == STATE_ENTRY_SEALED
			      ? "ENTRY_SEALED, is mapped RW"
			      : "which has other rights",
		      "a writable IDT");
		plant(idt, pte_without(pte_read(ptable_entry(root, entry, 1)), PTE_WRITABLE),
		      "which shows another frame than its own", "the entry page where the IDT is");
		plant(idt, pte_read(ptable_entry(root, entry_idt(kaiser_in_force).va, 1)),
		      "which shows another frame than its own", "another IDT where the IDT is");
		if (nr_cpus == 1) {
			plant(ptable_entry(root, entry_text().va, 1),
			      pte_read(ptable_entry(root, entry_text().va + PAGE_SIZE, 1)),
			      "which shows another frame than its own", "entry text in disorder");
		}
		plant(ptable_entry(root, entry_text().va + entry_text_pages() * PAGE_SIZE, 1),
		      pte_read(ptable_entry(root, entry_text().va, 1)),
		      "which shows another frame than its own", "entry text behind its end");
		plant(ptable_entry(root, entry - PAGE_SIZE, 1), pte_make(spare_frame, rw),
		      "which is a guard page", "a kernel frame below the entry page");
		plant(ptable_entry(root, part + 0x4000, 1), pte_make(spare_frame, rw),
		      "which is a guard page", "a kernel frame in a gap");
		plant(ptable_entry(root, stack, 1), pte_make(spare_frame, rw),
		      "which shows another owner's frame", "a kernel frame as the NMI stack");
		plant(ptable_entry(root, stack, 1), pte_read(ptable_entry(root, entry, 1)),
		      "which shows another frame than its own", "the entry page as the NMI stack");
		plant(ptable_entry(root, stack, 1), PTE_NONE, "lacks", "an NMI stack too few");
		plant(ptable_entry(root, stack, 1),
		      pte_without(pte_read(ptable_entry(root, stack, 1)), PTE_WRITABLE),
		      "which has other rights", "an NMI stack that is read-only");
		plant(ptable_entry(root, part + NR_CPUS_MAX * ENTRY_CPU_STRIDE, 2),
		      pte_make((pfn_t){ align_down(spare_frame.pfn, PTES_PER_TABLE) },
			       rw | PTE_HUGE),
		      "in the entry area", "a page of 2 MiB");
	}
	/* the audit goes by what is there: it opens the window */
	memcpy(direct_map_pointer(spare_frame), (const void *)(part + ENTRY_CPU_SEALED), PAGE_SIZE);
	plant(ptable_entry(kernel_root, part + ENTRY_CPU_SEALED, 1), pte_make(spare_frame, rw),
	      "which shows another owner's frame", "a kernel frame where struct cpu_sealed is");
}

/* In a page that is sealed: through the window. */
static void plant_word(const uint64_t *word, uint64_t value, const char *what)
{
	pfn_t frame = pte_frame(ptable_lookup(kernel_root, (uint64_t)word, NULL));
	uint64_t saved = *word, offset = (uint64_t)word % PAGE_SIZE;

	window_store(frame, offset, value, sizeof(value));
	expect_violation("not as boot filled", what);
	window_store(frame, offset, saved, sizeof(saved));
}

/* The pages themselves. */
static void plant_in_seals(pfn_t table)
{
	uint64_t exit_stack = (uint64_t)this_cpu()->entry - ENTRY_PAGE_OFFSET + ENTRY_EXIT_STACK;
	pte_t *exit = ptable_entry(kernel_root, exit_stack, 1);
	pfn_t frame = pte_frame(pte_read(exit));
	const void *archive;
	pfn_t file;

	plant(exit, pte_with(pte_read(exit), PTE_WRITABLE), "which has other rights",
	      "an exit stack that the kernel could write to");
	plant_direct(frame, direct_map_pte(frame), "ENTRY_PRIVATE, is mapped RW",
		     "an exit stack in the direct map");
	(void)boot_archive_bytes(&archive);
	file = pte_frame(ptable_lookup(kernel_root, (uint64_t)archive, NULL));
	PLANT(frame_entry(file)->flags, frame_entry(file)->flags & ~FRAME_HIDDEN,
	      "is hidden or sealed, and not both", "a page of the archive that is not hidden");
	plant_direct(table, direct_map_pte(table), "ENTRY_SEALED, is mapped RW",
		     "an IDT in the direct map");
	PLANT(frame_entry(table)->flags, frame_entry(table)->flags & ~FRAME_SEALED,
	      "is sealed, or hidden, against the option", "an IDT that is not sealed");
}

/* What processors read there. An IDT that is not in force; of the descriptors those of this CPU,
 * which reads them on its way to user mode and back. */
static void plant_in_descriptors(void)
{
	unsigned unused = (kaiser_in_force + 1) % NR_ENTRY_SETS;
	uint64_t part = (uint64_t)this_cpu()->entry - ENTRY_PAGE_OFFSET;
	const uint64_t *idt = (const uint64_t *)entry_idt(unused).va;
	const uint64_t *gdt = (const uint64_t *)(part + entry_parts[PART_DESCRIPTORS].offset);
	const uint64_t *tss = gdt + 8;

	plant_word(&idt[0], idt[0] + 1, "a gate that leads elsewhere");
	plant_word(&idt[2 * 14], idt[2 * 14] | 3ul << 45, "a gate that programs may use");
	plant_word(&idt[2 * 8], idt[2 * 8] & ~(7ul << 32), "a gate without its stack");
	plant_word(&idt[511], 1, "the last word of an IDT");
	plant_word(&gdt[0], 1, "a descriptor where there is none");
	plant_word(&gdt[SELECTOR_USER_CODE >> 3], gdt[SELECTOR_USER_CODE >> 3] & ~(3ul << 45),
		   "user code that is the kernel's");
	plant_word(&gdt[SELECTOR_TSS >> 3], gdt[SELECTOR_TSS >> 3] + 1, "a TSS that is longer");
	plant_word(&tss[0], tss[0] + (16ul << 32), "another stack for entries");
	plant_word(&tss[4], tss[4] + (16ul << 32), "another stack for the NMI");
	plant_word(&tss[12], 0, "ports for user mode");
	if (entry_area_state(PART_IDT) == STATE_ENTRY_SEALED) {
		plant_in_seals(pte_frame(ptable_lookup(kernel_root, (uint64_t)idt, NULL)));
	}
}

/* All shadow roots would show it. */
static void plant_in_template(void)
{
	pte_t *template = direct_map_pointer(entry_shadow_template());
	const pte_t *kernel = direct_map_pointer(kernel_root);
	unsigned last = PTES_PER_TABLE - 1;

	plant(&template[last], kernel[last], "template: slot 511",
	      "the kernel in all shadow roots");
	plant(&template[0], pte_make((pfn_t){ 1 }, PTE_PRESENT), "template: slot 0",
	      "a user half of all shadow roots");
}

static void plant_in_shadow_roots(const struct as *as, pfn_t spare_frame)
{
	pfn_t shadow = entry_shadow_template();
	uint64_t cpu = (uint64_t)this_cpu(), entry = (uint64_t)this_cpu()->entry;
	pte_t *slots = direct_map_pointer(as->root);
	uint64_t rw = PTE_PRESENT | PTE_WRITABLE | ptable_nx();

	plant(ptable_entry(shadow, cpu, 1), pte_make(spare_frame, rw), "no part for them",
	      "struct cpu in the shadow roots");
	plant(ptable_entry(shadow, entry, 1), pte_make(spare_frame, rw), "which belongs to KERNEL",
	      "a kernel frame in the shadow roots");
	plant(ptable_entry(shadow, entry_text().va, 1),
	      pte_with(pte_read(ptable_entry(shadow, entry_text().va, 1)), PTE_WRITABLE),
	      "ENTRY_TEXT, is mapped RWX", "writable entry text");
	if (ptable_user_slot_flags) {
		plant(&slots[0], pte_without(pte_read(&slots[0]), PTE_NO_EXECUTE), "wrong NX",
		      "a kernel root that could run user code");
	}
	plant_in_entry_area(spare_frame);
	plant_in_descriptors();
	plant_in_template();
	plant_bytes((uint64_t)audit_run, "a kernel-image address in the entry area");
	plant_bytes((uint64_t)as, "a direct-map address in the entry area");
	plant_bytes(pool_base + PAGE_SIZE, "a pool's address in the entry area");
	plant_bytes((uint64_t)&slots, "an address of a kernel stack in the entry area");
}

KTEST_SUITE(audit_entry)
{
	struct as *as;
	pfn_t spare;
	uva_t at;

	if (as_create(&as)) {
		ktest_skip("no memory for an address space");
		return;
	}
	if (as_map(as, AS_MAP_FIXED, TEST_PAGE, PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0, &at) ||
	    as_write(as, at, "x", 1) || frame_alloc_zeroed(OWNER_KERNEL, 0, &spare)) {
		ktest_skip("no memory for a page");
		as_put(as);
		return;
	}
	expect_clean("before");
	plant_in_shadow_roots(as, spare);
	frame_free_kernel(spare, 0);
	as_put(as);
	expect_clean("afterwards");
}
