/* Builds the entry area (arch/x86_64/entry_area.h has its map). */
#pragma once

#include "arch/x86_64/entry_area.h"
#include "core/cpu.h"
#include "lib/status.h"

/* Boot, once: the shared part. Panics. */
void entry_area_init(void);
/* The part of one CPU; *out is its struct cpu, zero but for self, entry, id and the trap handlers.
 * ENOMEM. */
status_t entry_area_add_cpu(unsigned id, struct cpu **out) MUST_CHECK;
/* On the CPU itself: descriptor tables, GS. this_cpu() works from here on. */
void entry_area_load(unsigned id);
/* One past the last byte of a part of a CPU's area: where a stack starts. */
uint64_t entry_area_part_end(unsigned id, enum entry_part_id part);
