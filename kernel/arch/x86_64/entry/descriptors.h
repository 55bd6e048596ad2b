/*
 * GDT, TSS and IDT. Source: Intel SDM vol. 3A, "Protected-Mode Memory Management", "Task
 * Management", "Interrupt and Exception Handling".
 */
#pragma once

#include "arch/x86_64/entry/entry_set.h"
#include "lib/types.h"

/* Of the page of GDT and TSS: where the TSS says where its I/O map is, 16 bits. */
enum { TSS_IO_MAP_OFFSET = 166 };

/* Fills an IDT page: every vector to its stub in the text, which runs at `text`; NMI, #DF, #MC and
 * #DB on stacks of their own. */
void idt_fill(void *page, const struct entry_set *set, va_t text);
/* One of ring 0 alone, for code whose stack is to be used, whatever arrives; #DF has its own. */
enum { IDT_ENTRY_BYTES = 16 };
void idt_fill_on_stack(void *idt, unsigned nr_vectors, uint64_t stubs, unsigned stub_bytes);
/* What LIDT takes, and SIDT gives. */
struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));
static inline struct table_pointer idtr_read(void)
{
	struct table_pointer pointer;

	asm volatile("sidt %0" : "=m"(pointer));
	return pointer;
}
/* For the audit: the page still says that. */
bool idt_is_as_filled(const void *page, const struct entry_set *set, va_t text);

/*
 * Fills a CPU's descriptor page. entry_base is the address of the CPU's part of the entry area,
 * through which the processor will see the page and the stacks.
 */
void descriptors_fill(void *page, va_t entry_base);
/* For the audit: the page still says that, but for what a processor notes in it. */
bool descriptors_are_as_filled(const void *page, va_t entry_base);

/* Loads GDT, TSS, segment registers and GS base on this CPU. */
void descriptors_load(va_t entry_base);
void idt_load(va_t idt);
