/* Who loaded the kernel, and what it says about the machine. */
#pragma once

#include "core/boot_info.h"
#include "lib/status.h"

/* boot.asm passes one of these on: by which of its two entries the kernel was entered. */
enum loader {
	LOADER_MULTIBOOT2 = 0x36d76289, /* Multiboot2 specification, "Machine state": EAX */
	LOADER_AGAIN = 0x6e696167,      /* boot_again: what the first boot was told is kept */
	LOADER_PVH = 0x336ec578,        /* Xen, start_info.h, "XEN_HVM_START_MAGIC_VALUE" */
};

/*
 * Reads what the loader left at info_pa, with the first 4 GiB mapped one to one. EINVAL with the
 * reason in out->error.
 */
status_t loader_parse(uint32_t loader, uint64_t info_pa, struct boot_info *out) MUST_CHECK;
