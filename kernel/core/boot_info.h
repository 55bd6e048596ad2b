/*
 * What the boot loader said about the machine, checked and copied: nothing here points into the
 * loader's memory, and no address was believed without a bounds check.
 */
#pragma once

#include "arch/x86_64/device/screen.h"
#include "lib/types.h"

enum {
	COMMAND_LINE_BYTES = 2048,
	MEMORY_RANGES_MAX = 512, /* bad memory cut out page by page makes hundreds */
	MODULES_MAX = 8,
	MODULE_NAME_BYTES = 64,
	RSDP_BYTES = 36, /* ACPI 2.0 and later; 20 in ACPI 1.0 */
	BOOT_ERROR_BYTES = 128,
};

/* [start, end), both page-aligned, start < end */
struct memory_range {
	pa_t start, end;
};

/* [start, end), start < end. Modules do not overlap one another. */
struct boot_module {
	pa_t start, end;
	char name[MODULE_NAME_BYTES]; /* the module's command line, cut to fit */
};

enum boot_screen {
	BOOT_SCREEN_NONE,
	BOOT_SCREEN_TEXT,
	BOOT_SCREEN_FRAMEBUFFER,
	BOOT_SCREEN_UNSAID, /* PVH has no word for it: the adapter is asked */
};

struct boot_info {
	char command_line[COMMAND_LINE_BYTES];

	/*
	 * RAM free for use, sorted, disjoint and not adjacent. Whatever any entry of the loader's
	 * map calls something else is not in here; modules and the kernel image are.
	 */
	struct memory_range usable[MEMORY_RANGES_MAX];
	unsigned nr_usable;
	unsigned nr_ranges_refused;  /* entries that wrap or reach beyond PFN_MAX frames */
	uint64_t too_high_bytes;     /* of what reaches beyond */
	unsigned nr_ranges_left_out; /* the smallest, where there were more than fit */
	uint64_t left_out_bytes;     /* of memory in those; later entries may reserve some */

	struct boot_module modules[MODULES_MAX];
	unsigned nr_modules;

	enum boot_screen screen;
	struct framebuffer framebuffer; /* BOOT_SCREEN_FRAMEBUFFER only */

	uint8_t rsdp[RSDP_BYTES]; /* not verified: length and checksums are the reader's work */
	unsigned rsdp_len;        /* 0: the loader gave none */

	char error[BOOT_ERROR_BYTES]; /* why parsing failed; empty when it did not */
};
