/* The auditor sees what is wrong with the large pages of the direct map: directmap=2m. */
#include "audit_plant.h"
#include "core/options.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

static void plant_in_whole(pfn_t table, pfn_t other)
{
	pte_t *entry = direct_split_entry(table);
	pte_t pte = pte_read(entry);

	plant(entry, pte_without(pte, PTE_NO_EXECUTE),
	      options.physmap == physmap_nx ? "is mapped RWX in the direct map" : "",
	      "a 2 MiB page that is executable");
	plant(entry, pte_without(pte, PTE_WRITABLE), "is mapped R in the direct map",
	      "a 2 MiB page that is read-only");
	plant(entry, pte_with(pte, PTE_CACHE_DISABLE), "is entry",
	      "a 2 MiB page that is not cached");
	plant(entry, pte_with(pte, PTE_USER), "has U/S=1", "a 2 MiB page with U/S");
	plant(entry, pte_with(pte, PTE_GLOBAL), "is global", "a 2 MiB page that is global");
	plant(entry, pte_make(pfn_add(pte_frame(pte), 1), pte.value & ~PTE_ADDRESS_MASK),
	      "shows frame", "a 2 MiB page that shows its neighbours");
	plant(entry, PTE_NONE, "is entry 0", "a 2 MiB page that is missing");
	plant(entry, pte_read(direct_split_entry(other)), "is in use twice",
	      "a 2 MiB page with another one's table");
	PLANT(frame_entry(table)->number, direct_split_first(other), "is of the page at frame",
	      "a table that says it is another page's");
	PLANT(frame_entry(table)->nr_used, 1, "not its own table", "a count of what is not hidden");
}

/* An entry of kernel space leads to the table, which is reserved, and empty. */
static void plant_in_use(pfn_t table)
{
	uint64_t address = kspace_base + KSPACE_SIZE / 2;
	pte_t *entry;

	do {
		address += HUGE_SIZE;
		entry = ptable_entry(kernel_root, address, 2);
	} while (entry && pte_read(entry).value);
	if (!entry) {
		ktest_skip("kernel space has no room");
		return;
	}
	FORCE(memset(direct_map_pointer(table), 0, PAGE_SIZE));
	plant(entry, pte_make(table, PTE_PRESENT | PTE_WRITABLE), "which is whole, is in use",
	      "a reserved table that serves kernel space");
}

/* copy: what the page's own table says, in another one. */
static void plant_in_split(pfn_t table, pfn_t copy)
{
	pte_t *entry = direct_split_entry(table);
	pfn_t first = { direct_split_first(table) };

	PLANT(frame_entry(table)->nr_used, direct_split_nr_held(table) + 1, "are counted",
	      "a count that is too high");
	PLANT(frame_entry(table)->nr_used, 0, "which nothing holds split",
	      "a page that is split while nothing is hidden");
	plant(entry, pte_with(direct_map_pte(first), PTE_HUGE), "not its own table",
	      "a 2 MiB page that shows what is hidden");
	plant(entry, pte_make(copy, PTE_PRESENT | PTE_WRITABLE), "not its own table",
	      "a split page with a copy of its table");
	plant(entry, PTE_NONE, "not its own table", "a split page that is missing");
}

/* In front of all RAM nothing is large. */
static void plant_where_none_is(void)
{
	pfn_t first = { 0 };

	plant(ptable_entry(kernel_root, direct_map_address(first), 2),
	      pte_with(direct_map_pte(first), PTE_HUGE), "2 MiB page in the direct map",
	      "a 2 MiB page where pages are small");
}

/* Pages of the kernel's, which nobody uses: the lower one gets split. */
static void plant_in_pages(pfn_t lower, pfn_t upper, pfn_t copy)
{
	pfn_t split = direct_split_table(lower), whole = direct_split_table(upper);

	direct_map_hide(pfn_add(lower, 1), 1);
	FORCE(memcpy(direct_map_pointer(copy), direct_map_pointer(split), PAGE_SIZE));
	FORCE(*frame_entry(copy) = *frame_entry(split));
	plant_in_whole(whole, split);
	plant_in_use(whole);
	plant_in_split(split, copy);
	FORCE(memset(direct_map_pointer(copy), 0, PAGE_SIZE));
	FORCE(*frame_entry(copy) = (struct frame){ .owner = OWNER_PTABLE });
	direct_map_reveal(pfn_add(lower, 1), 1);
}

KTEST_SUITE(audit_direct)
{
	pfn_t one, other, copy;

	expect_clean("before");
	plant_where_none_is();
	if (options.directmap == directmap_4k) {
		ktest_skip("with directmap=4k no page is large");
		return;
	}
	if (frame_alloc_kernel(OWNER_KERNEL, HUGE_ORDER, &one) ||
	    frame_alloc_kernel(OWNER_KERNEL, HUGE_ORDER, &other) ||
	    frame_alloc_zeroed(OWNER_PTABLE, 0, &copy)) {
		ktest_skip("no memory for 2 MiB pages");
		return;
	}
	if (gate_in_force != ptprot_off) {
		direct_map_guard(copy);
		ktlb_wait(ktlb_downgrade());
	}
	plant_in_pages(one.pfn < other.pfn ? one : other, one.pfn < other.pfn ? other : one, copy);
	frame_free_kernel(copy, 0);
	frame_free_kernel(one, HUGE_ORDER);
	frame_free_kernel(other, HUGE_ORDER);
	expect_clean("afterwards");
}
