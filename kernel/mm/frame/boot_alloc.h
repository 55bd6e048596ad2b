/*
 * Memory before the frame table exists. Each piece of memory is handed out from both ends: page
 * tables upward, the frame table downward; what is between them at the end is free.
 *
 *     start      low                     high            end
 *       +---------+------------------------+--------------+
 *       | PTABLE  |          left          |    KERNEL    |
 *       +---------+------------------------+--------------+
 *
 * At first only the 4 GiB that boot.asm maps one to one can be used; then what the direct map has.
 */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "core/boot_info.h"
#include "lib/types.h"
#include "mm/frame/frame.h"

struct ram;

/* The image and each module may cut one in two. */
enum {
	BOOT_ALLOC_KEEPS_MAX = 1 + MODULES_MAX,
	BOOT_ALLOC_PIECES_MAX = MEMORY_RANGES_MAX + BOOT_ALLOC_KEEPS_MAX
};

/* Keeps clear of the image and the modules. */
void boot_alloc_init(const struct ram *ram, const struct boot_info *info);
/* The kernel's root is loaded: the memory below `end` can be used, through the direct map. */
void boot_alloc_reach(pfn_t end);
/* Frames that page tables could have now. */
uint64_t boot_alloc_nr_left(void);

/* nr frames in a row for page tables, contents undefined. Panics when there are none. */
pfn_t boot_alloc_tables(uint32_t nr);
/* Up to nr of them, *got. */
pfn_t boot_alloc_tables_of(uint32_t nr, uint32_t *got);
/* Up to nr zeroed frames in a row for the kernel, *got of them. All memory can be used. Panics. */
pfn_t boot_alloc_kernel(uint32_t nr, uint32_t *got);
void *boot_alloc_pointer(pfn_t frame);

/*
 * The 4 KiB entry for a kernel-half address in `root`; missing tables are made. Those of the pages
 * after it follow, up to the end of its page table. The caller writes nr of them at once: a page
 * table of just these is not zeroed first.
 */
pte_t *boot_map_entry(pfn_t root, uint64_t address, uint32_t nr);
/* Maps what is not mapped yet of the pages that hold [start, end): frames from boot_alloc_kernel.
 */
void boot_map_range(pfn_t root, uint64_t start, uint64_t end, uint64_t flags);
/* The 2 MiB entry. */
pte_t *boot_map_large_entry(pfn_t root, uint64_t address);
/* Writes nr entries in a row for frames in a row: the frame number is counted up in the entry. */
static inline void boot_map_fill(pte_t *entry, uint32_t nr, pte_t first)
{
	for (const pte_t *end = entry + nr; entry < end; entry++) {
		*entry = first;
		first.value += PAGE_SIZE;
	}
}

/* Frames; see above. */
struct boot_alloc_piece {
	uint32_t start, low, high, end;
};
/* What became of all memory, sorted. */
const struct boot_alloc_piece *boot_alloc_pieces(unsigned *nr);
