/*
 * The boot information of a Multiboot2 loader. Source: Multiboot2 specification, "Boot information
 * format".
 */
#pragma once

#include "core/boot_info.h"
#include "lib/status.h"

enum { MULTIBOOT_LOADER_MAGIC = 0x36d76289 };

/*
 * Reads at most max_bytes from `info`, and never past the total size that it states. Nothing in it
 * is believed: EINVAL with the reason in out->error when the structure is damaged or says nothing
 * about memory.
 */
status_t multiboot_parse(const void *info, uint64_t max_bytes, struct boot_info *out) MUST_CHECK;

/*
 * EINVAL, with the reason in info->error, when a module overlaps [start, end): the image, say,
 * called `what`.
 */
status_t boot_info_check(struct boot_info *info, pa_t start, pa_t end, const char *what) MUST_CHECK;
