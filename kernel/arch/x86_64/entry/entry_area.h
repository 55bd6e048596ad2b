/* Where the parts of the entry area are; entry_area.def lists them. */
#pragma once

#include "arch/x86_64/entry/entry_set.h"
#include "lib/types.h"

#define ENTRY_IDT_OFFSET 0ul
#define ENTRY_TEXT_OFFSET 0x10000ul
#define ENTRY_CPU_OFFSET 0x100000ul
#define ENTRY_TEXT_PAGES_MAX ((ENTRY_CPU_OFFSET - ENTRY_TEXT_OFFSET) / PAGE_SIZE)
#define ENTRY_CPU_STRIDE 0x20000ul
#define ENTRY_PAGE_OFFSET 0x1000ul /* in a CPU's part, as the next */
#define ENTRY_CPU_SEALED 0x1d000ul
#define ENTRY_STACK_OFFSET 0x5000ul
#define ENTRY_EXIT_STACK 0x1f000ul

/* One run of pages: offset from where its base says. */
struct entry_part {
	uint32_t offset, nr_pages;
};

/* From the top of an IST stack to that of the stack its handler runs on. */
enum { PARANOID_STACK_DISTANCE = 0x3000 };

enum entry_part_id {
#define ENTRY_PART(name, base, offset, nr_pages, owner, kernel_roots, shadow_roots, text)          \
	PART_##name,
#include "arch/x86_64/entry/entry_area.def"
#undef ENTRY_PART
	NR_ENTRY_PARTS,
};

static const struct entry_part entry_parts[NR_ENTRY_PARTS] = {
#define ENTRY_PART(name, base, offset, nr_pages, owner, kernel_roots, shadow_roots, text)          \
	{ offset, nr_pages },
#include "arch/x86_64/entry/entry_area.def"
#undef ENTRY_PART
};
