/*
 * The boot information of a Multiboot2 loader. Source: Multiboot2 specification, "Boot information
 * format".
 */
#pragma once

#include "core/boot_info.h"
#include "lib/status.h"

/*
 * Reads at most max_bytes from `info`, and never past the total size that it states. Nothing in it
 * is believed: EINVAL with the reason in out->error when the structure is damaged or says nothing
 * about memory.
 */
status_t multiboot_parse(const void *info, uint64_t max_bytes, struct boot_info *out) MUST_CHECK;
