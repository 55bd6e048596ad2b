/* Brings up memory management while booting. */
#pragma once

struct boot_info;

/* From the loader's page tables to the kernel's own root, the frame table and the allocator.
 * Flushes. Panics. */
void memory_init(const struct boot_info *info);
/* Makes .ro_after_init read-only. Flushes. */
void memory_seal_image(void);
