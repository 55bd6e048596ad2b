/*
 * The start information of a PVH loader, such as QEMU's -kernel. Source: Xen,
 * "x86/HVM direct boot ABI" (docs/misc/pvh.pandoc) and public/arch-x86/hvm/start_info.h.
 */
#pragma once

#include "core/boot_info.h"
#include "lib/status.h"

/* Physical memory as far as it can be read: byte 0 is at `address`. */
struct physical_view {
	uint64_t address;
	uint64_t len_bytes;
};

/*
 * Reads the structure at start_pa and what it points to, all of it inside the view. Nothing in it
 * is believed: EINVAL with the reason in out->error when anything lies outside, is damaged, or says
 * nothing about memory.
 */
status_t pvh_parse(struct physical_view memory, uint64_t start_pa,
		   struct boot_info *out) MUST_CHECK;
