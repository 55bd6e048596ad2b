/*
 * What a boot loader says about the machine, checked and put into struct boot_info: the facts that
 * Multiboot2 and PVH have in common. A status of EINVAL comes with the reason in info->error.
 */
#pragma once

#include "core/boot_info.h"
#include "lib/status.h"

/* The command line: ends within max_bytes, and fits. */
status_t facts_command_line(struct boot_info *info, const char *text,
			    uint64_t max_bytes) MUST_CHECK;

/* Another module, [start, end). Its name ends within name_max bytes; name_max = 0: it has none. */
status_t facts_module(struct boot_info *info, pa_t start, pa_t end, const char *name,
		      uint64_t name_max) MUST_CHECK;

/* An entry of the memory map; the same 24 bytes in Multiboot2 and in PVH. */
struct facts_range {
	uint64_t start;
	uint64_t len;
	uint32_t type;
	uint32_t reserved;
};

/*
 * The memory map: entry_bytes from one entry to the next, at least 24. Memory that any entry calls
 * something other than available is not usable.
 */
void facts_memory_map(struct boot_info *info, const void *entries, uint32_t nr,
		      uint32_t entry_bytes);

/* The RSDP, of which len_bytes can be read. The longest one that is offered is kept. */
void facts_rsdp(struct boot_info *info, const void *rsdp, uint64_t len_bytes);

/* Once all is said: no usable memory is an error. */
status_t facts_finish(struct boot_info *info) MUST_CHECK;

/* EINVAL when a module overlaps [start, end): the image, say, called `what`. */
status_t boot_info_check(struct boot_info *info, pa_t start, pa_t end, const char *what) MUST_CHECK;
