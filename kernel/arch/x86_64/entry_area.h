/*
 * The entry area: everything the processor needs between user mode and the kernel's root, in a PML4
 * slot of its own. Offsets from ENTRY_AREA_BASE; gaps are guard pages.
 *
 *   0x000000           IDT, read-only, shared by all CPUs
 *   0x100000 + id * ENTRY_CPU_STRIDE, per CPU:
 *     0x01000          entry page (struct cpu_entry); GS points here
 *     0x02000 0x04000  struct cpu, in kernel roots only
 *     0x05000          entry stack: exceptions and interrupts from user mode
 *     0x07000 0x09000  NMI stack       0x0a000 0x0c000  #DF stack
 *     0x0d000 0x0f000  #MC stack       0x10000 0x12000  #DB stack
 *     0x13000          GDT and TSS
 */
#pragma once

#include "lib/types.h"

#define ENTRY_IDT_OFFSET 0ul
#define ENTRY_CPU_OFFSET 0x100000ul
#define ENTRY_CPU_STRIDE 0x20000ul

/* One run of pages of a CPU's part. */
struct entry_part {
	uint32_t offset, nr_pages;
};

enum entry_part_id {
	PART_ENTRY_PAGE,
	PART_CPU,
	PART_ENTRY_STACK,
	PART_NMI_STACK,
	PART_DF_STACK,
	PART_MC_STACK,
	PART_DB_STACK,
	PART_DESCRIPTORS,
	NR_ENTRY_PARTS,
};

static const struct entry_part entry_parts[NR_ENTRY_PARTS] = {
	[PART_ENTRY_PAGE] = { 0x1000, 1 },  [PART_CPU] = { 0x2000, 2 },
	[PART_ENTRY_STACK] = { 0x5000, 1 }, [PART_NMI_STACK] = { 0x7000, 2 },
	[PART_DF_STACK] = { 0xa000, 2 },    [PART_MC_STACK] = { 0xd000, 2 },
	[PART_DB_STACK] = { 0x10000, 2 },   [PART_DESCRIPTORS] = { 0x13000, 1 },
};
