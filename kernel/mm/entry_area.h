/* Builds the entry area (arch/x86_64/entry_area.h has its map). */
#pragma once

#include "core/cpu.h"
#include "lib/status.h"

/* Boot, once: the shared part. Panics. */
void entry_area_init(void);
/* The part of one CPU; *out is its struct cpu, zero but for self, entry, id and the trap handlers. ENOMEM. */
status_t entry_area_add_cpu(unsigned id, struct cpu **out) MUST_CHECK;
/* On the CPU itself: descriptor tables, GS. this_cpu() works from here on. */
void entry_area_load(unsigned id);
