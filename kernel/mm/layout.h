/*
 * The kernel half of the address space, one PML4 slot (512 GiB) or more per purpose. All slots in
 * use are filled at boot.
 *
 *   direct map    direct_map_base    every RAM frame that the kernel owns, RW NX
 *   kernel space  KSPACE_BASE        stacks and device registers, guard pages between
 *   window        WINDOW_BASE        private: in this CPU's window root only
 *   entry area    ENTRY_AREA_BASE    per-CPU entry pages, stacks and descriptor tables
 *   image         image_base         text RX, rodata R, data RW NX
 */
#pragma once

#include "lib/types.h"

#define PML4_SLOT_SIZE (1ul << 39)
#define LOAD_BASE 0x100000ul /* physical, linker.ld */
#define KERNEL_HALF 0xffff800000000000ul
#define DIRECT_MAP_DEFAULT_BASE 0xffff888000000000ul
#define DIRECT_MAP_MAX_SIZE (64 * PML4_SLOT_SIZE)
#define KSPACE_BASE 0xffffc00000000000ul
#define WINDOW_BASE 0xffffd00000000000ul
#define ENTRY_AREA_BASE 0xffffe00000000000ul

/* User half: [USER_MIN, USER_TOP). */
#define USER_MIN 0x10000ul
#define USER_TOP 0x00007ffffffff000ul

extern uint64_t direct_map_base; /* drawn or fixed at boot */

/* Linker symbols; addresses at run time. */
extern char image_start[], text_end[], rodata_start[], rodata_end[], ro_after_init_start[],
	ro_after_init_end[], image_end[];
