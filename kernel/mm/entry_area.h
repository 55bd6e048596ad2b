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
/* A sealed page of this CPU, read-only, in kernel roots: where GS finds struct cpu_sealed. ENOMEM.
 */
status_t entry_area_add_sealed(unsigned id, pfn_t frame) MUST_CHECK;
/* On the CPU itself: GDT, TSS, GS. this_cpu() works from here on; kaiser_init_cpu completes it. */
void entry_area_load(unsigned id);
/* One past the last byte of a part of a CPU's area: where a stack starts. */
uint64_t entry_area_part_end(unsigned id, enum entry_part_id part);

/* Where the entry text runs, and the IDT of a set of it. */
va_t entry_text(void);
va_t entry_idt(unsigned set);
/* A shadow root with an empty user half. */
pfn_t entry_shadow_template(void);

/*
 * The user's registers lie at a random place below the top of the kernel stack, another one at each
 * entry: multiples of 16 within one page.
 */
enum { KSTACK_OFFSET_STEP = 16 };
/* New offsets for this CPU's entries to come. */
void kstack_ring_fill(struct cpu *cpu);
/* This CPU's next entry is on the stack that ends at stack_top. */
void kstack_enter(struct cpu *cpu, uint64_t stack_top);
