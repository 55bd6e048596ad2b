/*
 * Memory before the frame table exists: a bump allocator in the largest free range below 4 GiB,
 * which boot.asm maps one to one. What it handed out is remembered by owner, for frame_table_fill.
 */
#pragma once

#include "arch/x86_64/paging.h"
#include "lib/types.h"
#include "mm/frame.h"

struct boot_info;

/* Keeps clear of the first MiB, the image and the modules. Panics without 4 MiB to work with. */
void early_init(const struct boot_info *info);
/* nr zeroed frames in a row, for an owner. Panics when there are none left. */
pfn_t early_alloc(enum owner owner, uint64_t nr);
/*
 * The 4 KiB entry for a kernel-half address in `root`; missing tables are made. Those of the pages
 * after it follow, up to the end of its page table.
 */
pte_t *early_entry(pfn_t root, uint64_t address);

enum { EARLY_RUNS_MAX = 16 }; /* one more is a panic */

struct early_run {
	pfn_t first;
	uint32_t nr;
	enum owner owner;
};
/* Ends early allocation. Returns the number of runs. */
unsigned early_finish(const struct early_run **runs);
