/* The memory of the marks: where it is mapped, from the first line of the kernel on. */
#include "mm/sanitizer/marks.h"

#include "arch/x86_64/cpu/paging.h"
#include "lib/string.h"
#include "mm/frame/boot_alloc.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/kasan.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

/* boot.asm: the loader's page tables, the top one first. */
extern pte_t boot_tables[PTES_PER_TABLE];

/* One page that stands for all marks, and the tables that lead to it again and again. */
static char first_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static pte_t first_tables[LEVEL_MAX - 1][PTES_PER_TABLE] __attribute__((aligned(PAGE_SIZE)));

static void lead_to(pte_t *entries, unsigned nr, const void *in_image)
{
	pa_t pa = { LOAD_BASE + (uint64_t)((const char *)in_image - image_start) };

	for (unsigned i = 0; i < nr; i++) {
		entries[i] = pte_make(pa_to_pfn(pa), PTE_PRESENT | PTE_WRITABLE);
	}
}

void marks_begin(void)
{
	const void *below = first_page;

	for (unsigned i = 0; i < LEVEL_MAX - 1; i++) {
		lead_to(first_tables[i], PTES_PER_TABLE, below);
		below = first_tables[i];
	}
	lead_to(&boot_tables[level_index(MARKS_BASE, LEVEL_MAX)], MARKS_SIZE / PML4_SLOT_SIZE,
		below);
}

static uint64_t first_page_of(uint64_t start) { return align_down(mark_address(start), PAGE_SIZE); }

static uint64_t end_page_of(uint64_t end)
{
	return align_down(mark_address(end - 1), PAGE_SIZE) + PAGE_SIZE;
}

void marks_build(uint64_t start, uint64_t end)
{
	boot_map_range(kernel_root, first_page_of(start), end_page_of(end),
		       PTE_PRESENT | PTE_WRITABLE | ptable_nx());
}

void marks_reserve(pfn_t root)
{
	const uint64_t reserved[] = { kspace_base, kspace_base + KSPACE_SIZE - 1, WINDOW_BASE,
				      pool_base,   pool_base + POOL_SIZE - 1,     ENTRY_AREA_BASE };

	for (unsigned i = 0; i < ARRAY_SIZE(reserved); i++) {
		(void)boot_map_entry(root, mark_address(reserved[i]), 0);
	}
}

void marks_start(void)
{
	kasan_watch(direct_map_base, direct_map_base + pfn_to_pa((pfn_t){ nr_frames }).pa);
	kasan_watch(kspace_base, kspace_base + KSPACE_SIZE);
	kasan_watch(pool_base, pool_base + POOL_SIZE);
	kasan_watch(ENTRY_AREA_BASE, ENTRY_AREA_BASE + PML4_SLOT_SIZE);
	kasan_watch((uint64_t)image_start, (uint64_t)image_end);
	kasan_stack_init();
	kasan_register_globals();
}

static bool is_mapped(uint64_t address)
{
	return pte_is_present(ptable_lookup(kernel_root, address, NULL));
}

static status_t page_add(uint64_t page)
{
	pfn_t frame;
	status_t status = frame_alloc_zeroed(OWNER_KERNEL, 0, &frame);

	if (status) {
		return status;
	}
	/* what a frame is comes before where it is mapped */
	frame_set_place(frame, page);
	frames_flag(frame, 1, FRAME_SLAB, 0);
	status = ptable_map_kernel(page, frame, PTE_WRITABLE | ptable_nx());
	if (status) {
		frame_free_kernel(frame, 0);
	}
	return status;
}

status_t marks_cover_range(uint64_t start, uint64_t end)
{
	for (uint64_t page = first_page_of(start); page < end_page_of(end); page += PAGE_SIZE) {
		status_t status = is_mapped(page) ? STATUS_OK : page_add(page);

		if (status) {
			return status;
		}
	}
	marks_clear(start, end - start);
	return STATUS_OK;
}

/* Is anything mapped that the page of marks stands for? */
static bool is_needed(uint64_t page)
{
	uint64_t start = (page - MARKS_OFFSET) << MARK_SHIFT;

	for (uint64_t at = start; at < start + MARKED_BYTES; at += PAGE_SIZE) {
		if (is_mapped(at)) {
			return true;
		}
	}
	return false;
}

pfn_t marks_take(uint64_t address)
{
	pte_t *entry = ptable_entry(kernel_root, mark_address(address), 1);
	pfn_t frame = pte_frame(pte_read(entry));

	pte_write(entry, PTE_NONE);
	return frame;
}

static void page_remove(uint64_t page)
{
	pfn_t frame = marks_take((page - MARKS_OFFSET) << MARK_SHIFT);

	ktlb_wait(ktlb_downgrade());
	frame_free_kernel(frame, 0);
}

void marks_uncover_range(uint64_t start, uint64_t end)
{
	for (uint64_t page = first_page_of(start); page < end_page_of(end); page += PAGE_SIZE) {
		if (is_mapped(page) && !is_needed(page)) {
			page_remove(page);
		}
	}
}

void marks_free_tables(uint64_t start, uint64_t end)
{
	pfn_t table;

	for (uint64_t at = align_down(mark_address(start), HUGE_SIZE); at < mark_address(end);
	     at += HUGE_SIZE) {
		if (ptable_detach(kernel_root, at, &table)) {
			ktlb_shootdown_sync((va_t){ at }, 1);
			ptable_table_free(table);
		}
	}
}
