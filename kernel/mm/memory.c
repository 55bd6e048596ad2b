/* Builds the kernel's root, the direct map and the frame table from the loader's memory map. */
#include "mm/memory.h"

#include "arch/x86_64/cr3.h"
#include "arch/x86_64/entry_set.h"
#include "core/boot_info.h"
#include "core/log.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/direct_map.h"
#include "mm/early.h"
#include "mm/frame_history.h"
#include "mm/frame_init.h"
#include "mm/layout.h"
#include "mm/ptable.h"
#include "mm/tlb.h"

#define LOW_MEMORY_END 0x100000ul

static pfn_t pfn_of(uint64_t pa) { return pa_to_pfn((pa_t){ pa }); }

/* [start, end) of a range clipped to what the allocator may own. */
static bool clip(const struct memory_range *range, pfn_t *start, pfn_t *end)
{
	uint64_t from = MAX(range->start.pa, LOW_MEMORY_END);

	*start = pfn_of(from);
	*end = pfn_of(range->end.pa);
	return from < range->end.pa && start->pfn < end->pfn;
}

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
		pte_write(early_entry(root, (uint64_t)page),
			  pte_make(pfn_of(LOAD_BASE + (uint64_t)(page - image_start)),
				   image_flags(page)));
	}
}

/* Top-level entries exist from the start: roots made later copy them, and they never change. */
static void reserve_slots(pfn_t root)
{
	const uint64_t bases[] = { kspace_base, kspace_base + KSPACE_SIZE - 1, pool_base,
				   pool_base + POOL_SIZE - 1, ENTRY_AREA_BASE };

	for (unsigned i = 0; i < ARRAY_SIZE(bases); i++) {
		(void)early_entry(root, bases[i]);
	}
}

static void build_root(const struct boot_info *info)
{
	pfn_t root = early_alloc(OWNER_PTABLE, 2);
	pfn_t start, end;

	/* an odd frame number says shadow root: entry.asm */
	root.pfn += root.pfn & 1;
	kernel_root = root;
	map_image(root);
	reserve_slots(root);
	for (unsigned i = 0; i < info->nr_usable; i++) {
		if (clip(&info->usable[i], &start, &end)) {
			direct_map_build(root, start, end);
		}
	}
}

static bool overlaps(pfn_t start, pfn_t end, uint32_t from, uint32_t to)
{
	return from < end.pfn && to > start.pfn;
}

/*
 * Frees [start, end) but for the image, the modules and what early boot handed out: cuts at the
 * first of them that is in the way and goes on with both sides.
 */
struct keep {
	uint32_t from, to;
};

static void fill_around(pfn_t start, pfn_t end, const struct keep *keeps, unsigned nr_keeps)
{
	for (unsigned i = 0; i < nr_keeps; i++) {
		if (!overlaps(start, end, keeps[i].from, keeps[i].to)) {
			continue;
		}
		if (keeps[i].from > start.pfn) {
			fill_around(start, (pfn_t){ keeps[i].from }, keeps + i + 1,
				    nr_keeps - i - 1);
		}
		if (keeps[i].to < end.pfn) {
			fill_around((pfn_t){ keeps[i].to }, end, keeps + i + 1, nr_keeps - i - 1);
		}
		return;
	}
	frame_table_fill(start, end);
}

enum { KEEPS_MAX = 1 + MODULES_MAX + EARLY_RUNS_MAX };

/* The image's frames are not in the direct map. */
static void hide_image(void)
{
	for (const char *page = image_start; page < image_end; page += PAGE_SIZE) {
		pfn_t frame = pfn_of(LOAD_BASE + (uint64_t)(page - image_start));

		if (direct_map_has(frame)) {
			direct_map_hide(frame, 0);
		}
	}
}

static unsigned collect_keeps(const struct boot_info *info, struct keep *keeps)
{
	const struct early_run *runs;
	unsigned nr_runs = early_finish(&runs), nr = 0;

	keeps[nr++] = (struct keep){ LOAD_BASE >> PAGE_SHIFT,
				     pfn_of(LOAD_BASE + (uint64_t)(image_end - image_start)).pfn };
	for (unsigned i = 0; i < info->nr_modules; i++) {
		keeps[nr++] =
			(struct keep){ pfn_of(info->modules[i].start.pa).pfn,
				       pfn_of(align_up(info->modules[i].end.pa, PAGE_SIZE)).pfn };
	}
	for (unsigned i = 0; i < nr_runs; i++) {
		keeps[nr++] = (struct keep){ runs[i].first.pfn, runs[i].first.pfn + runs[i].nr };
		frame_table_claim(runs[i].first, runs[i].nr, runs[i].owner);
	}
	for (unsigned i = 1; i <= info->nr_modules; i++) {
		frame_table_claim((pfn_t){ keeps[i].from }, keeps[i].to - keeps[i].from,
				  OWNER_KERNEL);
	}
	frame_table_claim(pfn_of(LOAD_BASE + (uint64_t)(entry_text_start - image_start)),
			  (uint32_t)((uint64_t)(entry_text_end - entry_text_start) >> PAGE_SHIFT),
			  OWNER_ENTRY);
	return nr;
}

void memory_init(const struct boot_info *info)
{
	struct keep keeps[KEEPS_MAX];
	pfn_t start, end, table, histories, nr_free_in;
	uint32_t highest = 0;
	unsigned nr_keeps;

	layout_draw();
	early_init(info);
	for (unsigned i = 0; i < info->nr_usable; i++) {
		if (clip(&info->usable[i], &start, &end)) {
			highest = MAX(highest, end.pfn);
		}
	}
	table = early_alloc(OWNER_KERNEL,
			    align_up(highest * sizeof(struct frame), PAGE_SIZE) >> PAGE_SHIFT);
	histories =
		early_alloc(OWNER_KERNEL,
			    align_up(highest * sizeof(*frame_histories), PAGE_SIZE) >> PAGE_SHIFT);
	nr_free_in = early_alloc(
		OWNER_KERNEL,
		align_up(highest / RANGE_FRAMES * sizeof(uint16_t) + sizeof(uint16_t), PAGE_SIZE) >>
			PAGE_SHIFT);
	build_root(info);
	tlb_boot(pfn_to_pa(kernel_root));
	nr_frames = highest;
	frames = direct_map_pointer(table);
	frame_histories = direct_map_pointer(histories);
	frame_alloc_init(direct_map_pointer(nr_free_in));
	nr_keeps = collect_keeps(info, keeps);
	for (unsigned i = 0; i < info->nr_usable; i++) {
		if (clip(&info->usable[i], &start, &end)) {
			fill_around(start, end, keeps, nr_keeps);
		}
	}
	hide_image();
}

void memory_seal_image(void)
{
	for (const char *page = ro_after_init_start; page < ro_after_init_end; page += PAGE_SIZE) {
		pte_t *entry = ptable_entry(kernel_root, (uint64_t)page, 1);

		pte_write(entry, pte_without(pte_read(entry), PTE_WRITABLE));
	}
	ktlb_wait(ktlb_downgrade());
}
