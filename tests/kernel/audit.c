/* The auditor sees every kind of violation: each is planted, found and taken back. */
#include "audit_plant.h"
#include "core/cpu.h"
#include "core/options.h"
#include "mm/as/as.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/kspace.h"
#include "mm/frame/window.h"
#include "mm/frame/xpfo.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

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
	      "is mapped R in the user half", "a page table in the user half");
	plant(entry, pte_make(pointer_to_pfn(as), PTE_PRESENT | PTE_USER | PTE_NO_EXECUTE),
	      "KERNEL, is mapped R in the user half", "a kernel frame in the user half");
	plant(ptable_entry(as->root, TEST_PAGE + PAGE_SIZE, 1), pte,
	      "counts 1 references and has 2", "a mapping that nobody counted");
	plant(entry, PTE_NONE, "counts 1 references and has 0", "a reference without a mapping");
	if (xpfo_is_on()) {
		plant_direct(frame, pte_make(frame, PTE_PRESENT | PTE_WRITABLE | PTE_NO_EXECUTE),
			     "USER_HIDDEN, is mapped RW in the direct map",
			     "a user frame in the direct map");
	} else {
		plant_direct(frame, PTE_NONE, "must be in it",
			     "a frame missing from the direct map");
	}
}

static void plant_in_direct_map(pfn_t spare_frame)
{
	pte_t shown = direct_map_pte(spare_frame);
	pfn_t image = pa_to_pfn((pa_t){ LOAD_BASE });

	plant_direct(image, pte_make(image, PTE_PRESENT | PTE_NO_EXECUTE), "in the direct map",
		     "the kernel image in the direct map");
	plant_direct(spare_frame,
		     gate_in_force == ptprot_off ? direct_map_pte(kernel_root)
						 : gate_guarded_pte(kernel_root),
		     "shows frame", "a direct-map entry for another frame");
	plant_direct(spare_frame, PTE_NONE, "must be in it",
		     "a kernel frame missing from the direct map");
	if (ptable_nx() && options.physmap == physmap_nx) {
		plant_direct(spare_frame, pte_without(shown, PTE_NO_EXECUTE),
			     "KERNEL, is mapped RWX in the direct map", "an executable direct map");
	}
	plant_direct(spare_frame, pte_with(shown, PTE_USER), "has U/S=1",
		     "an entry of the kernel with U/S");
	plant_direct(spare_frame, pte_with(shown, PTE_GLOBAL), "is global", "a global page");
}

static void plant_in_kernel_half(struct as *as, pfn_t spare_frame)
{
	pte_t *entries = direct_map_pointer(as->root);
	pte_t *text = ptable_entry(kernel_root, (uint64_t)image_start, 1);
	/* the kernel's symbols, which nobody reads meanwhile */
	pte_t *names = ptable_entry(kernel_root, (uint64_t)rodata_end - PAGE_SIZE, 1);
	/* behind those that the audit itself shows frames in */
	pte_t *window = this_cpu()->window_entries + WINDOW_PAGES + 1;
	pfn_t table = pte_frame(pte_read(ptable_entry(as->root, TEST_PAGE, 2)));

	plant(&entries[PTES_PER_TABLE / 2], pte_make(kernel_root, PTE_PRESENT),
	      "kernel half differs", "a root whose kernel half differs");
	plant(text, pte_with(pte_read(text), PTE_WRITABLE), "IMAGE_TEXT, is mapped RWX",
	      "writable kernel text");
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
	plant_direct(table, PTE_NONE, "is not in the direct map",
		     "a page table that is not in the direct map");
	plant(ptable_entry(as->root, TEST_PAGE + HUGE_SIZE, 2), pte_make(table, PTE_PARKED),
	      "is parked", "a page table that is parked");
	plant(ptable_entry(as->root, TEST_PAGE + PAGE_SIZE, 1), (pte_t){ PTE_WRITABLE },
	      "neither empty nor a mapping", "an entry that is nothing");
	plant(ptable_entry(as->root, TEST_PAGE, 1),
	      pte_with(pte_read(ptable_entry(as->root, TEST_PAGE, 1)), 1ul << 45),
	      "neither empty nor a mapping", "an address beyond all memory");
	plant(direct_map_pointer(kernel_root), pte_make(table, PTE_PRESENT | PTE_USER),
	      "kernel root: slot 0 of the user half", "a user half of the kernel's root");
	plant(direct_map_pointer(this_cpu()->window_root), pte_make(table, PTE_PRESENT | PTE_USER),
	      "window root: slot 0 of the user half", "a user half of a window root");
	plant(names, pte_read(names - 1), "the image at", "a page of the image that shows another");
	plant(window, pte_make(pointer_to_pfn(as), PTE_PRESENT | PTE_NO_EXECUTE), "private window",
	      "a window that was left open");
}

static void plant_in_history(pfn_t frame)
{
	frame_history_forge(frame, OWNER_KERNEL, FRAME_HIDDEN);
	expect_violation("has a history that ends otherwise", "a history that ends otherwise");
	frame_history_forge(frame, OWNER_KERNEL, 0);
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
	device = last_device();
	if (device) {
		plant(device + 1, pte_make(spare_frame, rw), "not in its place",
		      "a kernel frame behind a device's registers");
		plant(device + 2, pte_make((pfn_t){ 0 }, rw), "not in its place",
		      "registers of a device that was never mapped");
	}
	kstack_free(stack);
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
	plant_in_direct_map(spare);
	plant_in_kernel_half(as, spare);
	plant_in_history(spare);
	plant_in_kspace(spare);
	frame_free_kernel(spare, 0);
	as_put(as);
	expect_clean("afterwards");
}
