/* Builds and loads the descriptor tables. */
#include "arch/x86_64/entry/descriptors.h"

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/entry/context.h"
#include "arch/x86_64/entry/entry_area.h"
#include "lib/string.h"

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_map_base;
} __attribute__((packed));
static_assert(sizeof(struct tss) == 104, "64-bit TSS");

struct gate {
	uint16_t offset_0, selector;
	uint8_t ist, type;
	uint16_t offset_16;
	uint32_t offset_32, reserved;
};
static_assert(sizeof(struct gate) == IDT_ENTRY_BYTES, "64-bit interrupt gate");

struct descriptor_page {
	uint64_t gdt[8];
	struct tss tss;
};

static_assert(offsetof(struct descriptor_page, tss.io_map_base) == TSS_IO_MAP_OFFSET,
	      "vuln_leak tells where it is");

#define TSS_BUSY (1ul << 41)

enum { GATE_INTERRUPT = 0x8e, GATE_DPL_USER = 0x60 };
enum { IST_NMI = 1, IST_DOUBLE_FAULT, IST_MACHINE_CHECK, IST_DEBUG };

static unsigned ist_of(unsigned vector)
{
	switch (vector) {
	case VECTOR_NMI: return IST_NMI;
	case VECTOR_DOUBLE_FAULT: return IST_DOUBLE_FAULT;
	case VECTOR_MACHINE_CHECK: return IST_MACHINE_CHECK;
	case VECTOR_DEBUG: return IST_DEBUG;
	default: return 0;
	}
}

static struct gate gate_to(unsigned vector, uint64_t stub)
{
	return (struct gate){
		.offset_0 = stub,
		.offset_16 = stub >> 16,
		.offset_32 = stub >> 32,
		.selector = SELECTOR_KERNEL_CODE,
		.ist = ist_of(vector),
		.type = GATE_INTERRUPT | (vector == VECTOR_BREAKPOINT ? GATE_DPL_USER : 0),
	};
}

static struct gate gate_of(unsigned vector, const struct entry_set *set, va_t text)
{
	return gate_to(vector, text.va + set->stubs[vector]);
}

void idt_fill(void *page, const struct entry_set *set, va_t text)
{
	struct gate *idt = page;

	for (unsigned vector = 0; vector < NR_VECTORS; vector++) {
		idt[vector] = gate_of(vector, set, text);
	}
}

bool idt_is_as_filled(const void *page, const struct entry_set *set, va_t text)
{
	const struct gate *idt = page;

	for (unsigned vector = 0; vector < NR_VECTORS; vector++) {
		struct gate expected = gate_of(vector, set, text);

		if (memcmp(&idt[vector], &expected, sizeof(expected)) != 0) {
			return false;
		}
	}
	return true;
}

void idt_fill_on_stack(void *idt, unsigned nr_vectors, uint64_t stubs, unsigned stub_bytes)
{
	struct gate *gates = idt;

	for (unsigned vector = 0; vector < nr_vectors; vector++) {
		gates[vector] = gate_to(vector, stubs + vector * (uint64_t)stub_bytes);
		gates[vector].ist = vector == VECTOR_DOUBLE_FAULT ? IST_DOUBLE_FAULT : 0;
	}
}

static uint64_t part_end(va_t entry_base, enum entry_part_id id)
{
	return entry_base.va + entry_parts[id].offset + entry_parts[id].nr_pages * PAGE_SIZE;
}

void descriptors_fill(void *page, va_t entry_base)
{
	struct descriptor_page *d = page;
	uint64_t tss = entry_base.va + entry_parts[PART_DESCRIPTORS].offset +
		       offsetof(struct descriptor_page, tss);

	d->gdt[0] = 0;
	d->gdt[SELECTOR_KERNEL_CODE >> 3] = 0x00af9b000000ffff;
	d->gdt[SELECTOR_KERNEL_DATA >> 3] = 0x00cf93000000ffff;
	d->gdt[SELECTOR_USER_DATA >> 3] = 0x00cff3000000ffff;
	d->gdt[SELECTOR_USER_CODE >> 3] = 0x00affb000000ffff;
	d->gdt[SELECTOR_TSS >> 3] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 |
				    0x89ul << 40 | TSS_BUSY | (tss >> 24 & 0xff) << 56;
	d->gdt[(SELECTOR_TSS >> 3) + 1] = tss >> 32;
	d->tss = (struct tss){
		.rsp[0] = part_end(entry_base, PART_ENTRY_STACK),
		.ist[IST_NMI - 1] = part_end(entry_base, PART_NMI_STACK),
		.ist[IST_DOUBLE_FAULT - 1] = part_end(entry_base, PART_DF_STACK),
		.ist[IST_MACHINE_CHECK - 1] = part_end(entry_base, PART_MC_STACK),
		.ist[IST_DEBUG - 1] = part_end(entry_base, PART_DB_STACK),
		.io_map_base = sizeof(struct tss), /* no ports for user mode */
	};
}

bool descriptors_are_as_filled(const void *page, va_t entry_base)
{
	const struct descriptor_page *found = page;
	struct descriptor_page expected = { 0 };

	descriptors_fill(&expected, entry_base);
	return memcmp(found, &expected, sizeof(expected)) == 0;
}

void idt_load(va_t idt)
{
	struct table_pointer pointer = { NR_VECTORS * sizeof(struct gate) - 1, idt.va };

	asm volatile("lidt %0" : : "m"(pointer) : "memory");
}

/*
 * LTR refuses a TSS that is busy, and marks it so in the GDT: in a copy, as the GDT that stays says
 * so from the start and is never written to. Intel SDM vol. 2, "LTR".
 */
static void task_register_load(const struct descriptor_page *d)
{
	uint64_t gdt[ARRAY_SIZE(d->gdt)];
	struct table_pointer pointer = { sizeof(gdt) - 1, (uint64_t)gdt };

	memcpy(gdt, d->gdt, sizeof(gdt));
	gdt[SELECTOR_TSS >> 3] &= ~TSS_BUSY;
	asm volatile("lgdt %0\n\tltr %1" : : "m"(pointer), "r"((uint16_t)SELECTOR_TSS) : "memory");
}

void descriptors_load(va_t entry_base)
{
	uint64_t page = entry_base.va + entry_parts[PART_DESCRIPTORS].offset;
	struct table_pointer gdt_pointer = { sizeof(((struct descriptor_page *)0)->gdt) - 1, page };

	task_register_load((const struct descriptor_page *)page);
	asm volatile("lgdt %0\n\t"
		     "push %1\n\t"
		     "lea 1f(%%rip), %%rax\n\t"
		     "push %%rax\n\t"
		     "lretq\n"
		     "1:\n\t"
		     "mov %2, %%ds\n\t"
		     "mov %2, %%es\n\t"
		     "mov %2, %%ss\n\t"
		     "mov %3, %%fs\n\t"
		     "mov %3, %%gs"
		     :
		     : "m"(gdt_pointer), "i"(SELECTOR_KERNEL_CODE), "r"(SELECTOR_KERNEL_DATA),
		       "r"(0)
		     : "rax", "memory");
	/* after a reset it is one of 64 KiB at address 0, in user memory */
	asm volatile("lldt %0" : : "r"((uint16_t)0));
	msr_write(MSR_GS_BASE, entry_base.va + entry_parts[PART_ENTRY_PAGE].offset);
	msr_write(MSR_KERNEL_GS_BASE, 0);
}

void segments_load_empty(void)
{
	/* loading GS sets the GS base in use: that of user mode must be it meanwhile */
	asm volatile("mov %0, %%ds\n\t"
		     "mov %0, %%es\n\t"
		     "mov %0, %%fs\n\t"
		     "swapgs\n\t"
		     "mov %0, %%gs\n\t"
		     "swapgs"
		     :
		     : "r"(0)
		     : "memory");
}
