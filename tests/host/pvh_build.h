/* Builds PVH start information in a piece of physical memory, well-formed unless the caller changes
 * it. */
#pragma once

#include <stdint.h>
#include <string.h>

/* Source: Xen, public/arch-x86/hvm/start_info.h; written down here a second time on purpose. */
struct pvh_start {
	uint32_t magic, version, flags, nr_modules;
	uint64_t modules, command_line, rsdp, memory_map;
	uint32_t nr_ranges, reserved;
};

struct pvh_module {
	uint64_t start, len, name, reserved;
};

struct pvh_range {
	uint64_t start, len;
	uint32_t type, reserved;
};

enum {
	PVH_START = 0x104, /* QEMU aligns to 4 bytes only */
	PVH_MODULES = 0x204,
	PVH_RANGES = 0x404,
	PVH_NAME = 0x700,
	PVH_RSDP = 0x740,
	PVH_COMMAND_LINE = 0x780, /* up to the end */
	PVH_BYTES = 0x1000,
	PVH_RANGES_MAX = (PVH_NAME - PVH_RANGES) / sizeof(struct pvh_range),
};

/* Physical memory from address 0 on; nothing else is in the machine. */
struct pvh_memory {
	uint8_t bytes[PVH_BYTES] __attribute__((aligned(8)));
};

static inline struct pvh_start pvh_get(const struct pvh_memory *memory)
{
	struct pvh_start start;

	memcpy(&start, memory->bytes + PVH_START, sizeof(start));
	return start;
}

static inline void pvh_put(struct pvh_memory *memory, uint64_t at, const void *bytes, size_t len)
{
	memcpy(memory->bytes + at, bytes, len);
}

static inline void pvh_put_module(struct pvh_memory *memory, unsigned index, uint64_t start,
				  uint64_t len, uint64_t name)
{
	struct pvh_module module = { start, len, name, 0 };

	pvh_put(memory, PVH_MODULES + index * sizeof(module), &module, sizeof(module));
}

/* What QEMU gives on a machine of 512 MiB. */
static inline void pvh_build(struct pvh_memory *memory)
{
	static const struct pvh_range ranges[] = {
		{ 0, 0x9fc00, 1, 0 },          { 0x9fc00, 0x400, 2, 0 },
		{ 0xf0000, 0x10000, 2, 0 },    { 0x100000, 0x1fee0000, 1, 0 },
		{ 0x1ffe0000, 0x20000, 2, 0 }, { 0xfffc0000, 0x40000, 2, 0 },
	};
	const struct pvh_start start = {
		.magic = 0x336ec578,
		.version = 1,
		.nr_modules = 1,
		.modules = PVH_MODULES,
		.command_line = PVH_COMMAND_LINE,
		.rsdp = PVH_RSDP,
		.memory_map = PVH_RANGES,
		.nr_ranges = sizeof(ranges) / sizeof(ranges[0]),
	};

	memset(memory, 0, sizeof(*memory));
	pvh_put(memory, PVH_START, &start, sizeof(start));
	pvh_put_module(memory, 0, 0x800000, 0x100000, PVH_NAME);
	pvh_put(memory, PVH_RANGES, ranges, sizeof(ranges));
	pvh_put(memory, PVH_NAME, "archive", 8);
	/* revision 2: its 36 bytes count */
	pvh_put(memory, PVH_RSDP, "RSD PTR 1234567\2abcdefghijklmnopqrst", 36);
	pvh_put(memory, PVH_COMMAND_LINE, "xpfo=off vuln=on", 17);
}
