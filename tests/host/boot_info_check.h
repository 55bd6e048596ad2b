/* What holds of boot information that a parser has taken, whatever it was made from. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "core/boot_info.h"

static inline void check(bool condition)
{
	if (!condition) {
		abort();
	}
}

static inline void check_refused(const struct boot_info *info)
{
	check(info->error[0] != '\0' && memchr(info->error, '\0', sizeof(info->error)));
}

static inline void check_taken(const struct boot_info *info)
{
	check(info->nr_usable > 0 && info->nr_usable <= MEMORY_RANGES_MAX &&
	      info->nr_modules <= MODULES_MAX);
	for (unsigned i = 0; i < info->nr_usable; i++) {
		const struct memory_range *range = &info->usable[i];

		check(range->start.pa < range->end.pa &&
		      is_aligned(range->start.pa | range->end.pa, PAGE_SIZE));
		check(range->end.pa <= PFN_MAX << PAGE_SHIFT);
		check(i == 0 || info->usable[i - 1].end.pa < range->start.pa);
	}
	for (unsigned i = 0; i < info->nr_modules; i++) {
		check(info->modules[i].start.pa < info->modules[i].end.pa);
		check(memchr(info->modules[i].name, '\0', MODULE_NAME_BYTES));
	}
	check(memchr(info->command_line, '\0', sizeof(info->command_line)) &&
	      info->rsdp_len <= RSDP_BYTES);
	check(info->screen != BOOT_SCREEN_FRAMEBUFFER ||
	      framebuffer_is_supported(&info->framebuffer));
}
