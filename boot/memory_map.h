/*
 * The set of usable memory in struct boot_info. Ranges are given in bytes and may be anything at
 * all. Where there are more than MEMORY_RANGES_MAX, the smallest are left out and counted.
 */
#pragma once

#include "core/boot_info.h"

/*
 * Adds the whole pages inside of [start, start + len). A range that wraps is refused, and so is
 * what reaches beyond PFN_MAX frames; either is counted.
 */
void memory_map_add(struct boot_info *info, uint64_t start, uint64_t len_bytes);

/*
 * Removes every page that [start, start + len) touches. Where the end wraps, everything from start
 * on goes.
 */
void memory_map_remove(struct boot_info *info, uint64_t start, uint64_t len_bytes);
