/*
 * The address space. layout.def lists its regions; all PML4 slots (512 GiB) of the kernel half in
 * use are filled at boot. Where three of the regions lie is drawn at boot with kaslr=on; with
 * kaslr=off each lies at the lowest address of its range.
 */
#pragma once

#include "lib/types.h"

#define PML4_SLOT_SIZE (1ul << 39)
#define LINK_BASE 0xffffffff80000000ul /* linker.ld */
#define LOAD_BASE 0x100000ul           /* physical, linker.ld */
#define KERNEL_HALF 0xffff800000000000ul
#define DIRECT_MAP_LOWEST 0xffff888000000000ul
#define DIRECT_MAP_MAX_SIZE (4 * PML4_SLOT_SIZE) /* PFN_MAX frames */
#define KSPACE_LOWEST 0xffffc00000000000ul
#define KSPACE_SIZE PML4_SLOT_SIZE
#define WINDOW_BASE 0xffffd00000000000ul
#define POOL_LOWEST 0xffffd80000000000ul
#define POOL_SIZE PML4_SLOT_SIZE
#define ENTRY_AREA_BASE 0xffffe00000000000ul
/* An eighth of the kernel half; mm/sanitizer/marks.h. */
#define MARKS_BASE 0xffffec0000000000ul
#define MARKS_SIZE (32 * PML4_SLOT_SIZE)

/* User half: [USER_MIN, USER_TOP). */
#define USER_MIN 0x10000ul
#define USER_TOP 0x00007ffffffff000ul

static_assert(PFN_MAX << PAGE_SHIFT == DIRECT_MAP_MAX_SIZE, "the direct map has room for all");

extern uint64_t direct_map_base, kspace_base, pool_base; /* written by layout_draw alone */

/* Draws them with kaslr=on. Before anything is mapped there. */
void layout_draw(void);

/* Linker symbols; addresses at run time. */
extern char image_start[], text_end[], rodata_start[], rodata_end[], ro_after_init_start[],
	ro_after_init_end[], image_end[];
