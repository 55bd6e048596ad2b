/*
 * The set of usable memory in struct boot_info. Ranges are given in bytes and may be anything at
 * all.
 */
#pragma once

#include "core/boot_info.h"

/*
 * Adds the whole pages inside of [start, start + len). A range that wraps or lies too high is
 * refused and counted.
 */
void memory_map_add(struct boot_info *info, uint64_t start, uint64_t len_bytes);

/*
 * Removes every page that [start, start + len) touches. Where the end wraps, everything from start
 * on goes.
 */
void memory_map_remove(struct boot_info *info, uint64_t start, uint64_t len_bytes);
