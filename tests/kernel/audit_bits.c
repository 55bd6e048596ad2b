/* The auditor sees every bit of the kernel's entries: rights, memory types, sizes, what leads to
 * tables; and what kernel space shows of devices. */
#include "audit_plant.h"
#include "core/cpu.h"
#include "core/options.h"
#include "mm/as/as.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/kspace.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

#define TEST_PAGE (USER_MIN + 16 * PAGE_SIZE)
#define BIT(nr) (1ul << (nr))

/* The type of memory, what is ours to use, what the processor ignores or refuses. */
static const uint64_t odd_bits[] = { PTE_WRITE_THROUGH, PTE_CACHE_DISABLE, PTE_COPY, PTE_PARKED,
				     BIT(11),           BIT(52),           BIT(62) };

/* With a bit more, or less. */
static void plant_bit(pte_t *entry, uint64_t bit, const char *words, const char *what)
{
	plant(entry, (pte_t){ pte_read(entry).value ^ bit }, words, what);
}

static void plant_odd_bits(pte_t *entry, const char *what)
{
	for (unsigned i = 0; i < ARRAY_SIZE(odd_bits); i++) {
		ktest_diag("bit %#lx", odd_bits[i]);
		plant_bit(entry, odd_bits[i], "bits that no entry there has", what);
	}
}

static void plant_direct_bit(pfn_t frame, uint64_t bit, const char *words, const char *what)
{
	plant_direct(frame, (pte_t){ direct_map_pte(frame).value ^ bit }, words, what);
}

static void plant_leaves(pfn_t spare_frame)
{
	pte_t *names = ptable_entry(kernel_root, (uint64_t)rodata_end - PAGE_SIZE, 1);

	for (unsigned i = 0; i < ARRAY_SIZE(odd_bits); i++) {
		ktest_diag("bit %#lx", odd_bits[i]);
		plant_direct_bit(spare_frame, odd_bits[i], "bits that no entry there has",
				 "a page of the direct map with an odd bit");
	}
	plant_direct_bit(spare_frame, PTE_HUGE, "bits that no entry there has",
			 "a page of the direct map with PAT");
	plant_direct_bit(spare_frame, PTE_WRITABLE, "KERNEL, is mapped R",
			 "a page of the direct map that is read-only");
	plant_bit(names, PTE_CACHE_DISABLE, "bits that no entry there has",
		  "a page of the image that is not cached");
	plant_bit(names, PTE_WRITABLE, "IMAGE_RODATA, is mapped RW in the kernel image",
		  "constants that are writable");
}

/* What leads to a table gives all rights, and nothing else. */
static void plant_tables(const struct as *as, pfn_t spare_frame)
{
	uint64_t direct = (uint64_t)direct_map_pointer(spare_frame);

	for (unsigned level = 2; level < LEVEL_MAX; level++) {
		pte_t *user = ptable_entry(as->root, TEST_PAGE, level);

		ktest_diag("level %u", level);
		plant_odd_bits(user, "a table of the user half with an odd bit");
		plant_bit(user, PTE_WRITABLE, "bits that no entry there has",
			  "a table of the user half that gives no right to write");
		plant_bit(user, PTE_USER, "bits that no entry there has",
			  "a table of the user half without U/S");
		plant_bit(user, PTE_NO_EXECUTE, "bits that no entry there has",
			  "a table of the user half with NX");
		plant_bit(ptable_entry(kernel_root, direct, level), PTE_USER,
			  "bits that no entry there has", "a table of the kernel with U/S");
		plant_bit(ptable_entry(kernel_root, direct, level), PTE_WRITE_THROUGH,
			  "bits that no entry there has", "a table of the kernel with PWT");
	}
}

/* As many frames in a row as a page of 2 MiB has, all of the kernel's kind. */
static void plant_huge_direct(void)
{
	pfn_t first;
	pte_t *entry;

	if (options.directmap == directmap_2m) {
		ktest_skip("large pages are the direct map's own");
		return;
	}
	if (frame_alloc_kernel(OWNER_KERNEL, 9, &first)) {
		ktest_skip("no memory for 2 MiB");
		return;
	}
	entry = ptable_entry(kernel_root, (uint64_t)direct_map_pointer(first), 2);
	plant(entry, pte_make(first, PTE_PRESENT | PTE_WRITABLE | PTE_HUGE | ptable_nx()),
	      "2 MiB page in the direct map", "a page of 2 MiB in the direct map");
	frame_free_kernel(first, 9);
}

static void plant_stack(void)
{
	va_t stack;

	if (kstack_alloc(&stack)) {
		ktest_skip("no memory for a stack");
		return;
	}
	plant_odd_bits(ptable_entry(kernel_root, stack.va, 1), "a stack's page with an odd bit");
	kstack_free(stack);
}

/* Processors stop each other by the first device, the APIC: that one stays as it is. */
static void plant_devices(void)
{
	pte_t *device = last_device();

	if (!device) {
		ktest_skip("no device's registers are mapped");
		return;
	}
	plant(device + 1,
	      pte_make(pfn_add(pte_frame(pte_read(device)), 1),
		       PTE_PRESENT | PTE_WRITABLE | ptable_nx()),
	      "not in its place", "a device's frame in a guard page behind registers");
	plant(device, pte_make(pfn_add(pte_frame(pte_read(device)), 1), PTE_PRESENT | ptable_nx()),
	      "not in its place", "another device's frame where registers are");
	plant_bit(device, PTE_WRITE_THROUGH | PTE_CACHE_DISABLE, "bits that no entry there has",
		  "registers that are cached");
	plant_bit(device, BIT(52), "bits that no entry there has", "registers with an odd bit");
	plant(device, PTE_NONE, "pages of devices: ", "registers that are not there");
}

KTEST_SUITE(audit_bits)
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
	plant_leaves(spare);
	plant_tables(as, spare);
	plant_huge_direct();
	plant_stack();
	plant_devices();
	frame_free_kernel(spare, 0);
	as_put(as);
	expect_clean("afterwards");
}
