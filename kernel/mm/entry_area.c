/* Frames and mappings of the entry area, in the kernel's roots and in the shadow roots. */
#include "mm/entry_area.h"

#include "arch/x86_64/descriptors.h"
#include "arch/x86_64/entry_set.h"
#include "arch/x86_64/random.h"
#include "arch/x86_64/trap.h"
#include "core/options.h"
#include "core/panic.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/layout.h"
#include "mm/ptable.h"

/* A shadow root without a user half: all others have its entry for the entry area. */
static RO_AFTER_INIT pfn_t shadow_template;

enum view { KERNEL_ROOTS = 1, SHADOW_ROOTS = 2, ALL_ROOTS = 3 };

va_t entry_text(void) { return (va_t){ ENTRY_AREA_BASE + ENTRY_TEXT_OFFSET }; }

va_t entry_idt(unsigned set)
{
	return (va_t){ ENTRY_AREA_BASE + ENTRY_IDT_OFFSET + set * PAGE_SIZE };
}

pfn_t entry_shadow_template(void) { return shadow_template; }

static va_t cpu_part(unsigned id)
{
	return (va_t){ ENTRY_AREA_BASE + ENTRY_CPU_OFFSET + id * ENTRY_CPU_STRIDE };
}

static status_t map(pfn_t root, uint64_t address, pfn_t frame, uint64_t flags)
{
	pte_t *entry;
	status_t status = ptable_entry_create(root, address, 1, &entry);

	if (status == STATUS_OK) {
		pte_write(entry, pte_make(frame, flags | PTE_PRESENT));
	}
	return status;
}

static status_t map_in(enum view view, uint64_t address, pfn_t frame, uint64_t flags)
{
	status_t status = view & KERNEL_ROOTS ? map(kernel_root, address, frame, flags) : STATUS_OK;

	return status == STATUS_OK && view & SHADOW_ROOTS
		       ? map(shadow_template, address, frame, flags)
		       : status;
}

/* A new page of data. */
static status_t add_page(enum view view, uint64_t address, uint64_t flags, pfn_t *out)
{
	enum owner owner = view & SHADOW_ROOTS ? OWNER_ENTRY : OWNER_KERNEL;
	status_t status = frame_alloc_zeroed(owner, 0, out);

	return status ? status : map_in(view, address, *out, flags | ptable_nx());
}

static status_t add_idts(void)
{
	status_t status = STATUS_OK;

	for (unsigned set = 0; set < NR_ENTRY_SETS && status == STATUS_OK; set++) {
		pfn_t frame;

		status = add_page(ALL_ROOTS, entry_idt(set).va, 0, &frame);
		if (status == STATUS_OK) {
			idt_fill(direct_map_pointer(frame), &entry_sets[set], entry_text());
		}
	}
	return status;
}

static status_t add_text(void)
{
	status_t status = STATUS_OK;

	for (const char *page = entry_text_start; page < entry_text_end && status == STATUS_OK;
	     page += PAGE_SIZE) {
		pa_t pa = { LOAD_BASE + (uint64_t)(page - image_start) };

		status = map_in(ALL_ROOTS, entry_text().va + (uint64_t)(page - entry_text_start),
				pa_to_pfn(pa), 0);
	}
	return status;
}

void entry_area_init(void)
{
	status_t status = frame_alloc_zeroed(OWNER_PTABLE, 0, &shadow_template);

	if (status == STATUS_OK) {
		status = add_idts();
	}
	if (status == STATUS_OK) {
		status = add_text();
	}
	if (status) {
		panic("no memory for the entry area");
	}
	ptable_shadow_init(shadow_template, ENTRY_AREA_BASE);
}

static status_t add_part(va_t base, enum entry_part_id id)
{
	const struct entry_part *part = &entry_parts[id];
	status_t status = STATUS_OK;

	for (unsigned page = 0; page < part->nr_pages && status == STATUS_OK; page++) {
		pfn_t frame;

		status = add_page(part->kernel_only ? KERNEL_ROOTS : ALL_ROOTS,
				  base.va + part->offset + page * PAGE_SIZE, PTE_WRITABLE, &frame);
		if (status == STATUS_OK && id == PART_DESCRIPTORS) {
			descriptors_fill(direct_map_pointer(frame), base);
		}
	}
	return status;
}

status_t entry_area_add_cpu(unsigned id, struct cpu **out)
{
	va_t base = cpu_part(id);
	struct cpu *cpu = (struct cpu *)(base.va + entry_parts[PART_CPU].offset);
	status_t status = STATUS_OK;

	for (unsigned part = 0; part < NR_ENTRY_PARTS && status == STATUS_OK; part++) {
		status = add_part(base, part);
	}
	if (status) {
		return status;
	}
	static_assert(sizeof(struct cpu) <= 2 * PAGE_SIZE,
		      "entry_parts gives struct cpu two pages");
	cpu->self = cpu;
	cpu->id = id;
	cpu->entry = (struct cpu_entry *)(base.va + entry_parts[PART_ENTRY_PAGE].offset);
	cpu->entry_stack_top = entry_area_part_end(id, PART_ENTRY_STACK);
	cpu->on = trap_handlers;
	kstack_ring_fill(cpu);
	*out = cpu;
	return STATUS_OK;
}

status_t entry_area_add_sealed(unsigned id, pfn_t frame)
{
	static_assert(ENTRY_CPU_SEALED == ENTRY_PAGE_OFFSET + CPU_SEALED_OFFSET, "GS finds it");
	return map_in(KERNEL_ROOTS, cpu_part(id).va + ENTRY_CPU_SEALED, frame, ptable_nx());
}

void entry_area_load(unsigned id) { descriptors_load(cpu_part(id)); }

uint64_t entry_area_part_end(unsigned id, enum entry_part_id part)
{
	return cpu_part(id).va + entry_parts[part].offset + entry_parts[part].nr_pages * PAGE_SIZE;
}

void kstack_ring_fill(struct cpu *cpu)
{
	uint8_t random[KSTACK_RING_MAX];

	if (options.kstack == kstack_fixed) {
		return;
	}
	/* never the last place, that of kstack=fixed: who counts on that is never lucky */
	random_fill_below(random, sizeof(random), UINT8_MAX);
	for (unsigned i = 0; i < KSTACK_RING_MAX; i++) {
		cpu->kstack_ring[i] = random[i] * KSTACK_OFFSET_STEP;
	}
}

void kstack_enter(struct cpu *cpu, uint64_t stack_top)
{
	cpu->lowest_regs = stack_top - sizeof(struct regs) -
			   (options.kstack == kstack_fixed ? 0 : UINT8_MAX * KSTACK_OFFSET_STEP);
}
