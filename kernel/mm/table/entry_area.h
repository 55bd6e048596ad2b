/* Builds the entry area, and says what belongs where in it (arch/x86_64/entry/entry_area.def). */
#pragma once

#include "arch/x86_64/entry/entry_area.h"
#include "core/cpu.h"
#include "lib/status.h"
#include "mm/table/policy.h"

/* Boot, once: the shared part. Panics. */
void entry_area_init(void);
/* The part of one CPU; *out is its struct cpu, zero but for self, entry, id and the trap handlers.
 * ENOMEM. */
status_t entry_area_add_cpu(unsigned id, struct cpu **out) MUST_CHECK;
/* A sealed page of this CPU, read-only, in kernel roots: where GS finds struct cpu_sealed. ENOMEM.
 */
status_t entry_area_add_sealed(unsigned id, pfn_t frame) MUST_CHECK;
/* On the CPU itself: GDT, TSS, GS. this_cpu() works from here on; kaiser_init_cpu completes it. */
void entry_area_load(unsigned id);
/* The CPU that calls it, by its GS base: no memory has a say. */
unsigned entry_area_this_cpu(void);
/* One past the last byte of a part of a CPU's area: where a stack starts. */
uint64_t entry_area_part_end(unsigned id, enum entry_part_id part);

/* Where the entry text runs, and the IDT of a set of it. */
va_t entry_text(void);
va_t entry_idt(unsigned set);
/* A shadow root with an empty user half. */
pfn_t entry_shadow_template(void);

/* The two kinds of root, and one that shows the entry area as all of a kind do. */
enum entry_roots { ENTRY_KERNEL_ROOTS, ENTRY_SHADOW_ROOTS, NR_ENTRY_ROOTS };
pfn_t entry_area_root(enum entry_roots roots);

/* entry_area.def, but for the places, which are in entry_parts. */
struct entry_rule {
	const char *text;
	bool is_of_cpu;
	enum owner owner;
	enum policy_rights rights[NR_ENTRY_ROOTS];
};
extern const struct entry_rule entry_rules[NR_ENTRY_PARTS];

/* A page of a part. cpu: of a shared part 0. */
struct entry_page {
	enum entry_part_id part;
	unsigned cpu;
	uint32_t page;
};
/* Where a page of a part is; of a shared part the CPU does not matter. */
uint64_t entry_area_address(enum entry_part_id part, unsigned cpu, uint32_t page);
/* False: the address is that of a guard page. */
bool entry_area_page_at(uint64_t address, struct entry_page *out);
/* Is this the one frame that belongs there? The frame is one of the frame table. */
bool entry_area_is_frame_of(const struct entry_page *page, pfn_t frame);
/* Do the tables of processors, of those on a page, say what they were filled with? `bytes`: where
 * the kernel sees the page. */
bool entry_area_is_as_filled(const struct entry_page *page, const void *bytes);
/* Fills the tables of processors again, after an attack on them where they are not sealed. */
void entry_area_fill_again(void);
/* Which state of policy.def its pages are in, if they are ENTRY's. */
enum policy_state entry_area_state(enum entry_part_id part);
/* Of the text part this many pages are used. */
uint32_t entry_text_pages(void);

/*
 * The user's registers lie at a random place below the top of the kernel stack, another one at each
 * entry: multiples of 16 within one page.
 */
enum { KSTACK_OFFSET_STEP = 16 };
/* New offsets for this CPU's entries to come. */
void kstack_ring_fill(struct cpu *cpu);
/* What cpu->lowest_regs is while the next entry is on the stack that ends at stack_top. */
uint64_t kstack_lowest_regs(uint64_t stack_top);
