/* Frames and mappings of the entry area. */
#include "mm/entry_area.h"

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/trap.h"
#include "core/panic.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/ptable.h"

static va_t cpu_part(unsigned id)
{
	return (va_t){ ENTRY_AREA_BASE + ENTRY_CPU_OFFSET + id * ENTRY_CPU_STRIDE };
}

static status_t map_page(uint64_t address, enum owner owner, uint64_t flags, pfn_t *out)
{
	status_t status = frame_alloc_zeroed(owner, 0, out);

	return status ? status : ptable_map_kernel(address, *out, flags | ptable_nx());
}

void entry_area_init(void)
{
	pfn_t frame;

	if (map_page(ENTRY_AREA_BASE + ENTRY_IDT_OFFSET, OWNER_ENTRY, 0, &frame)) {
		panic("no memory for the IDT");
	}
	idt_fill(direct_map_pointer(frame));
}

status_t entry_area_add_cpu(unsigned id, struct cpu **out)
{
	va_t base = cpu_part(id);
	struct cpu *cpu = (struct cpu *)(base.va + entry_parts[PART_CPU].offset);

	for (unsigned part = 0; part < NR_ENTRY_PARTS; part++) {
		enum owner owner = part == PART_CPU ? OWNER_KERNEL : OWNER_ENTRY;

		for (unsigned page = 0; page < entry_parts[part].nr_pages; page++) {
			pfn_t frame;
			status_t status =
				map_page(base.va + entry_parts[part].offset + page * PAGE_SIZE,
					 owner, PTE_WRITABLE, &frame);

			if (status) {
				return status;
			}
			if (part == PART_DESCRIPTORS) {
				descriptors_fill(direct_map_pointer(frame), base);
			}
		}
	}
	static_assert(sizeof(struct cpu) <= 2 * PAGE_SIZE,
		      "entry_parts gives struct cpu two pages");
	cpu->self = cpu;
	cpu->id = id;
	cpu->entry = (struct cpu_entry *)(base.va + entry_parts[PART_ENTRY_PAGE].offset);
	cpu->on = trap_handlers;
	*out = cpu;
	return STATUS_OK;
}

void entry_area_load(unsigned id)
{
	descriptors_load(cpu_part(id), (va_t){ ENTRY_AREA_BASE + ENTRY_IDT_OFFSET });
}

uint64_t entry_area_part_end(unsigned id, enum entry_part_id part)
{
	return cpu_part(id).va + entry_parts[part].offset + entry_parts[part].nr_pages * PAGE_SIZE;
}
