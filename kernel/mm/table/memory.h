/* Brings up memory management while booting. */
#pragma once

#include "lib/types.h"

struct boot_info;

/* From the loader's page tables to the kernel's own root, the frame table and the allocator.
 * Flushes. Panics. */
void memory_init(const struct boot_info *info);
/* What frame table, histories and counts per range take; in no sum of page tables. */
uint64_t memory_frame_table_bytes(void);
/* Makes .ro_after_init read-only. Flushes. */
void memory_seal_image(void);
