/*
 * Which memory is used: what the loader's map calls usable, but for what this processor cannot
 * address, and for what would take more memory in tables than it brings.
 */
#pragma once

#include "core/boot_info.h"
#include "lib/types.h"

/*
 * The frame table knows whole blocks of so many frames: no page of it or of the links is used in
 * part, and every buddy of a frame that it knows is known.
 */
enum { RAM_BLOCK_FRAMES = 1024 };

/* Frames [start, end), start < end */
struct ram_range {
	uint32_t start, end;
};

struct ram {
	/* Sorted, disjoint; none in the first MiB. */
	struct ram_range ranges[MEMORY_RANGES_MAX];
	unsigned nr;

	uint64_t nr_frames_too_high; /* beyond the processor's physical addresses */

	/* What would have cost more than it brings. */
	unsigned nr_dear;
	uint64_t nr_frames_dear;
	struct ram_range dear; /* from the first of it to the end of the last */
};

/*
 * Boot. phys_bits: the width of a physical address. What holds the image or a module is used at any
 * cost.
 */
void ram_choose(struct ram *out, const struct boot_info *info, unsigned phys_bits);

/* Do all bytes of [start, end) lie in one range? */
bool ram_has(const struct ram *ram, pa_t start, pa_t end);

/*
 * The blocks in a row that hold the range *at and those after it; *at becomes the first range
 * behind them. False: *at is behind the last range.
 */
bool ram_next_run(const struct ram *ram, unsigned *at, struct ram_range *out);
