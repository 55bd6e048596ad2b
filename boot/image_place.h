/* Where the kernel image shall run. */
#pragma once

#include "lib/types.h"

/*
 * Called by boot.asm alone, with the image relocated to its load address and the first 4 GiB mapped
 * one to one: no interrupts, no per-CPU data, and no pointer that is kept survives the move.
 * `loader` as for loader_parse. Returns `lowest`, or an address drawn from there up.
 */
uint64_t image_place(uint32_t loader, uint64_t info_pa, uint64_t lowest, uint64_t image_bytes);
