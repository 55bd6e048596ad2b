/*
 * The entry area: everything the processor needs between user mode and the kernel's root, in a PML4
 * slot of its own. Offsets from ENTRY_AREA_BASE; gaps are guard pages.
 *
 *   0x000000           IDTs, read-only, shared by all CPUs: one per variant of KAISER
 *   0x010000           entry text, read-only: .entry.text of the image once more
 *   0x100000 + id * ENTRY_CPU_STRIDE, per CPU:
 *     0x01000          entry page (struct cpu_entry); GS points here
 *     0x02000 0x04000  struct cpu, in kernel roots only
 *     0x05000          entry stack: exceptions and interrupts from user mode
 *     0x07000          NMI stack    0x09000 0x0b000  where its handler runs, in kernel roots only
 *     0x0c000 0x0e000  #DF, likewise
 *     0x11000 0x13000  #MC, likewise
 *     0x16000 0x18000  #DB, likewise
 *     0x1b000          GDT and TSS
 *     0x1d000          struct cpu_sealed, in kernel roots only, read-only: a pool's page
 */
#pragma once

#include "lib/types.h"

#define ENTRY_IDT_OFFSET 0ul
#define ENTRY_TEXT_OFFSET 0x10000ul
#define ENTRY_CPU_OFFSET 0x100000ul
#define ENTRY_CPU_STRIDE 0x20000ul
#define ENTRY_PAGE_OFFSET 0x1000ul /* in a CPU's part, as the next */
#define ENTRY_CPU_SEALED 0x1d000ul

/* One run of pages of a CPU's part. */
struct entry_part {
	uint32_t offset, nr_pages;
	bool kernel_only; /* absent from shadow roots */
};

/* From the top of an IST stack to that of the stack its handler runs on. */
enum { PARANOID_STACK_DISTANCE = 0x3000 };

enum entry_part_id {
	PART_ENTRY_PAGE,
	PART_CPU,
	PART_ENTRY_STACK,
	PART_NMI_STACK,
	PART_DF_STACK,
	PART_MC_STACK,
	PART_DB_STACK,
	PART_NMI_HANDLER,
	PART_DF_HANDLER,
	PART_MC_HANDLER,
	PART_DB_HANDLER,
	PART_DESCRIPTORS,
	NR_ENTRY_PARTS,
};

static const struct entry_part entry_parts[NR_ENTRY_PARTS] = {
	[PART_ENTRY_PAGE] = { ENTRY_PAGE_OFFSET, 1, false },
	[PART_CPU] = { 0x2000, 2, true },
	[PART_ENTRY_STACK] = { 0x5000, 1, false },
	[PART_NMI_STACK] = { 0x7000, 1, false },
	[PART_DF_STACK] = { 0xc000, 1, false },
	[PART_MC_STACK] = { 0x11000, 1, false },
	[PART_DB_STACK] = { 0x16000, 1, false },
	[PART_NMI_HANDLER] = { 0x9000, 2, true },
	[PART_DF_HANDLER] = { 0xe000, 2, true },
	[PART_MC_HANDLER] = { 0x13000, 2, true },
	[PART_DB_HANDLER] = { 0x18000, 2, true },
	[PART_DESCRIPTORS] = { 0x1b000, 1, false },
};
