/* The auditor sees every kind of violation: each is planted, found and taken back. */
#include "audit_plant.h"
#include "core/cpu.h"
#include "core/options.h"
#include "lib/string.h"
#include "mm/as.h"
#include "mm/direct_map.h"
#include "mm/entry_area.h"
#include "mm/frame_alloc.h"
#include "mm/frame_history.h"
#include "mm/kaiser.h"
#include "mm/kspace.h"
#include "mm/layout.h"
#include "mm/pmalloc.h"
#include "mm/ptable.h"
#include "mm/xpfo.h"

#define TEST_PAGE (USER_MIN + 16 * PAGE_SIZE)

static void plant_in_user_half(struct as *as)
{
	pte_t *entry = ptable_entry(as->root, TEST_PAGE, 1);
	pfn_t frame = pte_frame(pte_read(entry));
	pte_t pte = pte_read(entry);

	plant(entry, pte_without(pte_with(pte, PTE_WRITABLE), PTE_NO_EXECUTE),
	      "writable and executable", "a user page that is writable and executable");
	plant(entry, pte_without(pte, PTE_USER), "U/S=0", "a user page without U/S");
	plant(entry, pte_make(kernel_root, PTE_PRESENT | PTE_USER | PTE_NO_EXECUTE),
	      "PTABLE, is mapped R in the user half", "a page table in the user half");
	plant(entry, pte_make(pointer_to_pfn(as), PTE_PRESENT | PTE_USER | PTE_NO_EXECUTE),
	      "KERNEL, is mapped R in the user half", "a kernel frame in the user half");
	plant(ptable_entry(as->root, TEST_PAGE + PAGE_SIZE, 1), pte,
	      "counts 1 references and has 2", "a mapping that nobody counted");
	plant(entry, PTE_NONE, "counts 1 references and has 0", "a reference without a mapping");
	if (xpfo_is_on()) {
		plant(direct_map_entry(frame),
		      pte_make(frame, PTE_PRESENT | PTE_WRITABLE | PTE_NO_EXECUTE),
		      "USER_HIDDEN, is mapped RW in the direct map",
		      "a user frame in the direct map");
	} else {
		plant(direct_map_entry(frame), PTE_NONE, "must be in it",
		      "a frame missing from the direct map");
	}
}

static void plant_in_kernel_half(struct as *as, pfn_t spare_frame)
{
	pte_t *entries = direct_map_pointer(as->root);
	pte_t *text = ptable_entry(kernel_root, (uint64_t)image_start, 1);
	/* the kernel's symbols, which nobody reads meanwhile */
	pte_t *names = ptable_entry(kernel_root, (uint64_t)rodata_end - PAGE_SIZE, 1);
	pte_t *spare = direct_map_entry(spare_frame);
	pte_t *window = this_cpu()->window_entries;
	pfn_t image = pa_to_pfn((pa_t){ LOAD_BASE });
	pfn_t table = pte_frame(pte_read(ptable_entry(as->root, TEST_PAGE, 2)));

	plant(&entries[PTES_PER_TABLE / 2], pte_make(kernel_root, PTE_PRESENT),
	      "kernel half differs", "a root whose kernel half differs");
	plant(text, pte_with(pte_read(text), PTE_WRITABLE), "IMAGE_TEXT, is mapped RWX",
	      "writable kernel text");
	plant(direct_map_entry(image), pte_make(image, PTE_PRESENT | PTE_NO_EXECUTE),
	      "in the direct map", "the kernel image in the direct map");
	plant(spare, pte_make(kernel_root, PTE_PRESENT | PTE_WRITABLE | PTE_NO_EXECUTE),
	      "shows frame", "a direct-map entry for another frame");
	plant(spare, PTE_NONE, "must be in it", "a kernel frame missing from the direct map");
	plant(ptable_entry(as->root, TEST_PAGE + HUGE_SIZE, 2),
	      pte_make(spare_frame, PTE_PRESENT | PTE_USER), "page table at frame",
	      "a page table in a frame that is none");
	plant(ptable_entry(as->root, TEST_PAGE + (1ul << 30), 3),
	      pte_make((pfn_t){ 0 }, PTE_PRESENT | PTE_USER | PTE_HUGE | PTE_NO_EXECUTE),
	      "1 GiB page", "a page of 1 GiB");
	plant((pte_t *)direct_map_pointer(pfn_add(as->root, 1)), pte_make(spare_frame, PTE_PRESENT),
	      "shadow root", "an entry in a shadow root");
	plant(ptable_entry(as->root, TEST_PAGE + HUGE_SIZE, 2),
	      pte_read(ptable_entry(as->root, TEST_PAGE, 2)), "is in use twice",
	      "a page table that two entries lead to");
	plant(ptable_entry(as->root, TEST_PAGE, 2),
	      pte_make(as->root, PTE_PRESENT | PTE_WRITABLE | PTE_USER), "is in use twice",
	      "a root as a page table");
	plant(direct_map_entry(table), PTE_NONE, "is not in the direct map",
	      "a page table that is not in the direct map");
	plant(ptable_entry(as->root, TEST_PAGE + HUGE_SIZE, 2), pte_make(table, PTE_PARKED),
	      "is parked", "a page table that is parked");
	plant(ptable_entry(as->root, TEST_PAGE + PAGE_SIZE, 1), (pte_t){ PTE_WRITABLE },
	      "neither empty nor a mapping", "an entry that is nothing");
	plant(ptable_entry(as->root, TEST_PAGE, 1),
	      pte_with(pte_read(ptable_entry(as->root, TEST_PAGE, 1)), 1ul << 45),
	      "neither empty nor a mapping", "an address beyond all memory");
	plant(spare, pte_with(pte_read(spare), PTE_GLOBAL), "is global", "a global page");
	plant(direct_map_pointer(kernel_root), pte_make(table, PTE_PRESENT | PTE_USER),
	      "kernel root: slot 0 of the user half", "a user half of the kernel's root");
	plant(direct_map_pointer(this_cpu()->window_root), pte_make(table, PTE_PRESENT | PTE_USER),
	      "window root: slot 0 of the user half", "a user half of a window root");
	plant(names, pte_read(names - 1), "the image at", "a page of the image that shows another");
	plant(window, pte_make(pointer_to_pfn(as), PTE_PRESENT | PTE_NO_EXECUTE), "private window",
	      "a window that was left open");
}

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

static void plant_in_history(pfn_t frame)
{
	frame_histories[frame.pfn] ^= STEP_HIDDEN;
	expect_violation("has a history that ends otherwise", "a history that ends otherwise");
	frame_histories[frame.pfn] ^= STEP_HIDDEN;
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
		plant(idt, pte_with(pte_read(idt), PTE_WRITABLE), "which has other rights",
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
		plant(ptable_entry(root, part + 0x1f000, 1), pte_make(spare_frame, rw),
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
	plant(ptable_entry(kernel_root, part + ENTRY_CPU_SEALED, 1), pte_make(spare_frame, rw),
	      "which shows another owner's frame", "a kernel frame where struct cpu_sealed is");
	plant(ptable_entry(kernel_root, part + ENTRY_CPU_SEALED, 1), PTE_NONE, "lacks",
	      "a struct cpu_sealed too few");
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
	plant_bytes((uint64_t)audit_run, "a kernel-image address in the entry area");
	plant_bytes((uint64_t)as, "a direct-map address in the entry area");
	plant_bytes(pool_base + PAGE_SIZE, "a pool's address in the entry area");
	plant_bytes((uint64_t)&slots, "an address of a kernel stack in the entry area");
}

/* Stacks are where they say; no other frame of the kernel is in kernel space. */
static void plant_in_kspace(pfn_t spare_frame)
{
	uint64_t rw = PTE_PRESENT | PTE_WRITABLE | ptable_nx();
	va_t stack;
	pte_t *first, *last, *guard, *device;

	if (kstack_alloc(&stack)) {
		ktest_skip("no memory for a stack");
		return;
	}
	first = ptable_entry(kernel_root, stack.va, 1);
	last = ptable_entry(kernel_root, stack.va + KSTACK_SIZE - PAGE_SIZE, 1);
	guard = ptable_entry(kernel_root, stack.va - PAGE_SIZE, 1);
	plant(guard, pte_make(spare_frame, rw), "not in its place",
	      "a kernel frame in a guard page of kernel space");
	plant(guard, pte_read(first), "not in its place", "a stack's frame at a second address");
	plant(last, pte_read(first), "not in its place", "a stack's page where another belongs");
	plant(guard, pte_make((pfn_t){ 0 }, rw), "not in its place",
	      "a device's frame where stacks are");
	plant(first, PTE_NONE, "is not at its place", "a stack that lacks a page");
	device = ptable_entry(kernel_root, kspace_base + KSPACE_SIZE / 2, 1);
	plant(device + 1, pte_make(spare_frame, rw), "not in its place",
	      "a kernel frame behind a device's registers");
	plant(device + PTES_PER_TABLE - 1, pte_make((pfn_t){ 0 }, rw), "not in its place",
	      "registers of a device that was never mapped");
	kstack_free(stack);
}

static void expect_sealed(uint64_t nr_more, uint64_t before)
{
	audit_run(&audit_result);
	ktest_ok(audit_result.nr_sealed == before + nr_more,
		 "the audit counts %lu sealed frames more", nr_more);
}

/* The first page of a pool with one object; sealed unless the option says otherwise. */
static void plant_in_pool(pte_t *entry, pte_t *other, const char *state)
{
	pte_t pte = pte_read(entry);
	pfn_t frame = pte_frame(pte);
	bool is_hidden = options.pmalloc == pmalloc_full;

	if (options.pmalloc != pmalloc_off) {
		plant(entry, pte_with(pte, PTE_WRITABLE), state, "a sealed page that is writable");
	}
	plant(entry, pte_without(pte, PTE_NO_EXECUTE), "in the pools", "code in a pool");
	plant(other, pte, "is not the page of a pool at", "a pool's frame at another address");
	plant(entry, pte_make(kernel_root, PTE_PRESENT | PTE_NO_EXECUTE),
	      "PTABLE, is mapped R in the pools", "a page table in a pool");
	plant(ptable_entry(kernel_root,
			   entry_area_part_end(this_cpu()->id, PART_DF_HANDLER) - PAGE_SIZE, 1),
	      pte_without(pte, PTE_WRITABLE), "is mapped R in the entry area",
	      "a pool's frame in a part of the entry area that is another's");
	plant(entry, PTE_NONE, "is mapped in no pool", "a pool's frame that is mapped nowhere");
	PLANT(frame_entry(frame)->flags, frame_entry(frame)->flags ^ FRAME_HIDDEN,
	      is_hidden ? "is hidden, or not, against the option" : "in the direct map",
	      "a pool's frame that is hidden, or not");
	plant(direct_map_entry(frame),
	      is_hidden ? pte_make(frame, PTE_PRESENT | PTE_NO_EXECUTE) : PTE_NONE,
	      is_hidden ? "is mapped R in the direct map" : "must be in it",
	      is_hidden ? "a pool's frame in the direct map"
			: "a pool's frame missing from the direct map");
}

KTEST_SUITE(audit_pools)
{
	const struct pool *pool, *other;
	uint64_t nr_sealed;
	void *object, *second;

	expect_clean("before");
	nr_sealed = audit_result.nr_sealed;
	if (pmalloc_create_pool("audit", POOL_RO, 2 * PAGE_SIZE, 0, &pool) ||
	    pmalloc(pool, PAGE_SIZE, &object) ||
	    pmalloc_create_pool("audit too", POOL_RO, 0, 0, &other) || pmalloc(other, 1, &second)) {
		ktest_skip("no memory for pools");
		return;
	}
	expect_clean("with open pools");
	expect_sealed(0, nr_sealed);
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK &&
			 pmalloc_protect_pool(other) == STATUS_OK,
		 "pools are sealed");
	expect_clean("with sealed pools");
	expect_sealed(options.pmalloc == pmalloc_off ? 0 : 6, nr_sealed);
	plant_in_pool(ptable_entry(kernel_root, (uint64_t)object, 1),
		      ptable_entry(kernel_root, (uint64_t)second, 1),
		      options.pmalloc == pmalloc_full ? "POOL_SEALED, is mapped RW in the pools"
						      : "PLAIN_SEALED, is mapped RW in the pools");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK &&
			 pmalloc_destroy_pool(other) == STATUS_OK,
		 "pools are destroyed");
	expect_clean("afterwards");
	expect_sealed(0, nr_sealed);
}

KTEST_SUITE(audit)
{
	struct as *as;
	pfn_t spare;
	uva_t at;

	expect_clean("before");
	if (as_create(&as)) {
		ktest_skip("no memory for an address space");
		return;
	}
	if (as_map(as, AS_MAP_FIXED, TEST_PAGE, 2 * PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, 0, &at) ||
	    as_write(as, at, "x", 1) || frame_alloc_zeroed(OWNER_KERNEL, 0, &spare)) {
		ktest_skip("no memory for a page");
		as_put(as);
		return;
	}
	expect_clean("with a new address space");
	plant_in_user_half(as);
	plant_in_kernel_half(as, spare);
	plant_in_shadow_roots(as, spare);
	plant_in_history(spare);
	plant_in_kspace(spare);
	frame_free_kernel(spare, 0);
	as_put(as);
	expect_clean("afterwards");
}
