/* Builds the kernel's root, the direct map and the frame table from the loader's memory map. */
#include "mm/table/memory.h"

#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/entry/entry_set.h"
#include "core/boot_info.h"
#include "core/log.h"
#include "core/options.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mm/frame/boot_alloc.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/direct_split.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_init.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/table/ram.h"
#include "mm/tlb/tlb.h"

/* Frames that boot.asm maps one to one. */
#define LOW_END (1u << (32 - PAGE_SHIFT))

/* Page tables that the smallest range may take, and as many again: of each level two. */
enum { TABLES_LEAST = 16 };

/* Frames that one frame more maps: a page table, or the marks of a build that has them. */
enum { MAPPED_BY_ONE = KASAN ? MARK_BYTES / 2 : PTES_PER_TABLE };

static pfn_t pfn_of(uint64_t pa) { return pa_to_pfn((pa_t){ pa }); }

static RO_AFTER_INIT struct ram ram;
/* Of the two frames that build_root took. */
static RO_AFTER_INIT pfn_t not_root;
static RO_AFTER_INIT uint64_t nr_table_frames;

static uint64_t image_flags(const char *page)
{
	if (page < text_end) {
		return PTE_PRESENT;
	}
	return PTE_PRESENT | ptable_nx() | (page < rodata_end ? 0 : PTE_WRITABLE);
}

static void map_image(pfn_t root)
{
	for (const char *page = image_start; page < image_end; page += PAGE_SIZE) {
		*boot_map_entry(root, (uint64_t)page, 1) = pte_make(
			pfn_of(LOAD_BASE + (uint64_t)(page - image_start)), image_flags(page));
	}
}

/* Top-level entries exist from the start: roots made later copy them, and they never change. */
static void reserve_slots(pfn_t root)
{
	const uint64_t bases[] = { kspace_base, kspace_base + KSPACE_SIZE - 1, pool_base,
				   pool_base + POOL_SIZE - 1, ENTRY_AREA_BASE };

	for (unsigned i = 0; i < ARRAY_SIZE(bases); i++) {
		(void)boot_map_entry(root, bases[i], 0);
	}
	if (KASAN) {
		marks_reserve(root);
		marks_build((uint64_t)image_start, (uint64_t)image_end);
	}
}

static void map_memory(pfn_t start, pfn_t end)
{
	direct_map_build(kernel_root, start, end);
	if (KASAN) {
		marks_build(direct_map_address(start), direct_map_address(end));
	}
}

/* The kernel's root, with the direct map of what can be used already. */
static void build_root(void)
{
	pfn_t first = boot_alloc_tables(3), root = first;

	/* an odd frame number says shadow root, that of the frame before it: entry.asm */
	root.pfn += root.pfn & 1;
	memset(boot_alloc_pointer(root), 0, PAGE_SIZE);
	memset(boot_alloc_pointer(pfn_add(root, 1)), 0, PAGE_SIZE);
	kernel_root = root;
	not_root.pfn = first.pfn == root.pfn ? first.pfn + 2 : first.pfn;
	map_image(root);
	reserve_slots(root);
	for (unsigned i = 0; i < ram.nr && ram.ranges[i].start < LOW_END; i++) {
		map_memory((pfn_t){ ram.ranges[i].start },
			   (pfn_t){ MIN(ram.ranges[i].end, LOW_END) });
	}
}

/* Frames that can be mapped with the page tables that can be had: half of them, to be sure. */
static uint32_t nr_to_map(uint32_t nr_wanted)
{
	uint64_t nr_left = boot_alloc_nr_left();

	return nr_left < TABLES_LEAST
		       ? 0
		       : (uint32_t)MIN((uint64_t)nr_wanted, nr_left / 2 * MAPPED_BY_ONE);
}

/* Where to stop: no 2 MiB page is cut, but by the end of memory. */
static uint32_t whole_pages(uint32_t start, uint32_t end, uint32_t end_of_memory)
{
	uint32_t cut = (uint32_t)align_down(end, FRAMES_PER_HUGE);

	return end == end_of_memory || cut <= start ? end : cut;
}

/* The rest of the direct map, upward: what is mapped gives the page tables for what is above it. */
static void build_high(void)
{
	for (unsigned i = 0; i < ram.nr; i++) {
		uint32_t at = MAX(ram.ranges[i].start, LOW_END);

		while (at < ram.ranges[i].end) {
			uint32_t nr = nr_to_map(ram.ranges[i].end - at);

			if (!nr) {
				boot_alloc_reach((pfn_t){ at });
				nr = nr_to_map(ram.ranges[i].end - at);
			}
			if (!nr) {
				panic("out of memory while booting: no page tables for the memory "
				      "at %#lx",
				      pfn_to_pa((pfn_t){ at }).pa);
			}
			nr = whole_pages(at, at + nr, ram.ranges[i].end) - at;
			map_memory((pfn_t){ at }, (pfn_t){ at + nr });
			at += nr;
		}
	}
	boot_alloc_reach((pfn_t){ PFN_MAX });
}

/* Flushes. The image's frames are not in the direct map. */
static void hide_image(void)
{
	for (const char *page = image_start; page < image_end; page += PAGE_SIZE) {
		pfn_t frame = pfn_of(LOAD_BASE + (uint64_t)(page - image_start));

		if (direct_map_has(frame)) {
			direct_map_hide(frame, 1);
		}
	}
	ktlb_wait(ktlb_downgrade());
}

/* The frames from a byte of the image, or of a module, to the page that holds its end. */
static void claim(pa_t start, pa_t end, enum owner owner)
{
	pfn_t first = pa_to_pfn(start);

	frame_table_claim(first, pfn_of(align_up(end.pa, PAGE_SIZE)).pfn - first.pfn, owner);
}

/* Each frame gets the owner for whom it was handed out, or becomes free. */
static void fill_frame_table(const struct boot_info *info)
{
	unsigned nr;
	const struct boot_alloc_piece *pieces = boot_alloc_pieces(&nr);
	pa_t entry_text = { LOAD_BASE + (uint64_t)(entry_text_start - image_start) };

	for (unsigned i = 0; i < nr; i++) {
		frame_table_claim((pfn_t){ pieces[i].start }, pieces[i].low - pieces[i].start,
				  OWNER_PTABLE);
		frame_table_claim((pfn_t){ pieces[i].high }, pieces[i].end - pieces[i].high,
				  OWNER_KERNEL);
		nr_table_frames += pieces[i].end - pieces[i].high;
	}
	for (unsigned i = 0; i < info->nr_modules; i++) {
		claim(info->modules[i].start, info->modules[i].end, OWNER_KERNEL);
	}
	claim(entry_text, (pa_t){ entry_text.pa + (uint64_t)(entry_text_end - entry_text_start) },
	      OWNER_ENTRY);
	for (unsigned i = 0; i < nr; i++) {
		frame_table_fill((pfn_t){ pieces[i].low }, (pfn_t){ pieces[i].high });
	}
	frame_free_kernel(not_root, 0);
}

/* What the loader calls usable and is not used. */
static void report_unused(void)
{
	if (ram.nr_frames_too_high) {
		log_print("bulwark: memory: %lu KiB left out: beyond the %u address bits of this "
			  "processor\n",
			  ram.nr_frames_too_high << 2, cpu_features.phys_bits);
	}
	if (ram.nr_dear) {
		log_print("bulwark: memory: %lu KiB left out, %u %s between %#lx and %#lx: page "
			  "tables and frame table would take more\n",
			  ram.nr_frames_dear << 2, ram.nr_dear,
			  ram.nr_dear == 1 ? "piece" : "pieces",
			  pfn_to_pa((pfn_t){ ram.dear.start }).pa,
			  pfn_to_pa((pfn_t){ ram.dear.end }).pa);
	}
}

uint64_t memory_frame_table_bytes(void) { return nr_table_frames << PAGE_SHIFT; }

void memory_init(const struct boot_info *info)
{
	layout_draw();
	ram_choose(&ram, info, cpu_features.phys_bits);
	for (unsigned i = 0; i < info->nr_modules; i++) {
		if (!ram_has(&ram, info->modules[i].start, info->modules[i].end)) {
			panic("module %u, '%s', lies where this processor has no memory", i,
			      info->modules[i].name);
		}
	}
	report_unused();
	boot_alloc_init(&ram, info);
	build_root();
	tlb_boot(pfn_to_pa(kernel_root));
	boot_alloc_reach((pfn_t){ LOW_END });
	build_high();
	if (options.directmap == directmap_2m) {
		direct_split_reserve(&ram);
	}
	frame_table_build(&ram);
	fill_frame_table(info);
	direct_split_note();
	frame_table_note_places();
	hide_image();
	if (KASAN) {
		marks_start();
	}
}

void memory_seal_image(void)
{
	gate_begin();
	for (const char *page = ro_after_init_start; page < ro_after_init_end; page += PAGE_SIZE) {
		pte_t *entry = ptable_entry(kernel_root, (uint64_t)page, 1);

		pte_write(entry, pte_without(pte_read(entry), PTE_WRITABLE));
	}
	ktlb_wait(ktlb_downgrade());
}
