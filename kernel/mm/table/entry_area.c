/* Frames and mappings of the entry area, in the kernel's roots and in the shadow roots. */
#include "mm/table/entry_area.h"

#include "arch/x86_64/cpu/random.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/entry/descriptors.h"
#include "arch/x86_64/entry/entry_set.h"
#include "arch/x86_64/entry/trap.h"
#include "core/options.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

/* A shadow root without a user half: all others have its entry for the entry area. */
static RO_AFTER_INIT pfn_t shadow_template;

/* The page of each CPU's pool that its part shows. */
static RO_AFTER_INIT pfn_t sealed_frames[NR_CPUS_MAX];

const struct entry_rule entry_rules[NR_ENTRY_PARTS] = {
#define BASE_SHARED false
#define BASE_CPU true
#define ENTRY_PART(name, base, offset, nr_pages, owner, kernel_roots, shadow_roots, text)          \
	[PART_##name] = { text,                                                                    \
			  BASE_##base,                                                             \
			  OWNER_##owner,                                                           \
			  { [ENTRY_KERNEL_ROOTS] = RIGHTS_##kernel_roots,                          \
			    [ENTRY_SHADOW_ROOTS] = RIGHTS_##shadow_roots } },
#include "arch/x86_64/entry/entry_area.def"
#undef ENTRY_PART
};

va_t entry_text(void) { return (va_t){ ENTRY_AREA_BASE + ENTRY_TEXT_OFFSET }; }

static pa_t entry_text_pa(void)
{
	return (pa_t){ LOAD_BASE + (uint64_t)(entry_text_start - image_start) };
}

va_t entry_idt(unsigned set)
{
	return (va_t){ ENTRY_AREA_BASE + ENTRY_IDT_OFFSET + set * PAGE_SIZE };
}

pfn_t entry_shadow_template(void) { return shadow_template; }

static va_t cpu_part(unsigned id)
{
	return (va_t){ ENTRY_AREA_BASE + ENTRY_CPU_OFFSET + id * ENTRY_CPU_STRIDE };
}

pfn_t entry_area_root(enum entry_roots roots)
{
	return roots == ENTRY_KERNEL_ROOTS ? kernel_root : shadow_template;
}

uint64_t entry_area_address(enum entry_part_id part, unsigned cpu, uint32_t page)
{
	return (entry_rules[part].is_of_cpu ? cpu_part(cpu).va : ENTRY_AREA_BASE) +
	       entry_parts[part].offset + page * PAGE_SIZE;
}

static bool is_page_of(enum entry_part_id id, uint64_t offset, uint32_t *page)
{
	const struct entry_part *part = &entry_parts[id];

	*page = (uint32_t)((offset - part->offset) >> PAGE_SHIFT);
	return offset >= part->offset && *page < part->nr_pages;
}

bool entry_area_page_at(uint64_t address, struct entry_page *out)
{
	uint64_t offset = address - ENTRY_AREA_BASE, in_part;
	bool is_of_cpu = offset >= ENTRY_CPU_OFFSET;

	*out = (struct entry_page){ 0 };
	if (is_of_cpu) {
		in_part = (offset - ENTRY_CPU_OFFSET) % ENTRY_CPU_STRIDE;
		out->cpu = (unsigned)MIN((offset - ENTRY_CPU_OFFSET) / ENTRY_CPU_STRIDE,
					 (uint64_t)NR_CPUS_MAX);
	} else {
		in_part = offset;
	}
	for (; out->part < NR_ENTRY_PARTS; out->part++) {
		if (entry_rules[out->part].is_of_cpu == is_of_cpu &&
		    is_page_of(out->part, in_part, &out->page)) {
			return out->cpu < NR_CPUS_MAX;
		}
	}
	return false;
}

uint32_t entry_text_pages(void)
{
	return (uint32_t)((uint64_t)(entry_text_end - entry_text_start) >> PAGE_SHIFT);
}

/* The image's own frames, and the pools', are known by number; all others by what they say of
 * themselves. */
bool entry_area_is_frame_of(const struct entry_page *page, pfn_t frame)
{
	uint64_t address = entry_area_address(page->part, page->cpu, page->page);

	switch (page->part) {
	case PART_TEXT: return frame.pfn == pa_to_pfn(entry_text_pa()).pfn + page->page;
	case PART_CPU_SEALED: return frame.pfn == sealed_frames[page->cpu].pfn;
	default:
		return frame_entry(frame)->flags & FRAME_PLACED &&
		       frame_link(frame)->prev == frame_place(address);
	}
}

bool entry_area_is_as_filled(const struct entry_page *page, const void *bytes)
{
	switch (page->part) {
	case PART_IDT: return idt_is_as_filled(bytes, &entry_sets[page->page], entry_text());
	case PART_DESCRIPTORS: return descriptors_are_as_filled(bytes, cpu_part(page->cpu));
	default: return true;
	}
}

static uint64_t flags_of(enum policy_rights rights)
{
	return PTE_PRESENT | (rights == RIGHTS_RX ? 0 : ptable_nx()) |
	       (rights == RIGHTS_RW ? PTE_WRITABLE : 0);
}

/* In the roots that the table says, with the rights that it says. */
static status_t map_page(enum entry_part_id part, uint64_t address, pfn_t frame)
{
	for (enum entry_roots roots = 0; roots < NR_ENTRY_ROOTS; roots++) {
		enum policy_rights rights = entry_rules[part].rights[roots];
		status_t status = marks_cover(address, address + PAGE_SIZE);
		pte_t *entry;

		if (rights == RIGHTS_ABSENT) {
			continue;
		}
		if (status == STATUS_OK) {
			status = ptable_entry_create(entry_area_root(roots), address, 1, &entry);
		}
		if (status) {
			return status;
		}
		pte_write(entry, pte_make(frame, flags_of(rights)));
	}
	return STATUS_OK;
}

/*
 * What the processor trusts is filled, and nothing writes to it any more: the mapping is read-only
 * from the start, and the alias goes. Flushes.
 */
static void seal(pfn_t frame)
{
	if (options.authority == authority_on) {
		frames_seal_alone(frame, 1);
		ktlb_wait(ktlb_downgrade());
	}
}

enum policy_state entry_area_state(enum entry_part_id part)
{
	const enum policy_rights *rights = entry_rules[part].rights;

	if (options.authority == authority_off || rights[ENTRY_KERNEL_ROOTS] != RIGHTS_R) {
		return STATE_ENTRY;
	}
	return rights[ENTRY_SHADOW_ROOTS] == RIGHTS_R ? STATE_ENTRY_SEALED : STATE_ENTRY_PRIVATE;
}

/* A new page of data. */
static status_t add_page(enum entry_part_id part, unsigned cpu, uint32_t page, pfn_t *out)
{
	uint64_t address = entry_area_address(part, cpu, page);
	status_t status = frame_alloc_zeroed(entry_rules[part].owner, 0, out);

	if (status) {
		return status;
	}
	frame_set_place(*out, address);
	return map_page(part, address, *out);
}

static status_t add_idts(void)
{
	status_t status = STATUS_OK;

	for (unsigned set = 0; set < NR_ENTRY_SETS && status == STATUS_OK; set++) {
		pfn_t frame;

		status = add_page(PART_IDT, 0, set, &frame);
		if (status == STATUS_OK) {
			idt_fill(direct_map_pointer(frame), &entry_sets[set], entry_text());
			seal(frame);
		}
	}
	return status;
}

static status_t add_text(void)
{
	status_t status = STATUS_OK;

	for (uint32_t page = 0; page < entry_text_pages() && status == STATUS_OK; page++) {
		status = map_page(PART_TEXT, entry_area_address(PART_TEXT, 0, page),
				  pfn_add(pa_to_pfn(entry_text_pa()), page));
	}
	return status;
}

void entry_area_init(void)
{
	status_t status;

	/* that of the kernel's own root: whoever is in no address space goes out to it */
	shadow_template = pfn_add(kernel_root, 1);
	status = add_idts();
	if (status == STATUS_OK) {
		status = add_text();
	}
	assert(entry_text_pages() <= ENTRY_TEXT_PAGES_MAX);
	if (status) {
		panic("no memory for the entry area");
	}
	ptable_shadow_init(shadow_template, ENTRY_AREA_BASE);
}

static void *alias_of(enum entry_part_id part, unsigned cpu, uint32_t page)
{
	uint64_t address = entry_area_address(part, cpu, page);

	return direct_map_pointer(pte_frame(ptable_lookup(kernel_root, address, NULL)));
}

void entry_area_fill_again(void)
{
	if (options.authority == authority_on) {
		return; /* they have no alias */
	}
	for (unsigned set = 0; set < NR_ENTRY_SETS; set++) {
		idt_fill(alias_of(PART_IDT, 0, set), &entry_sets[set], entry_text());
	}
	for (unsigned id = 0; id < nr_cpus; id++) {
		descriptors_fill(alias_of(PART_DESCRIPTORS, id, 0), cpu_part(id));
	}
}

static status_t add_part(enum entry_part_id part, unsigned cpu)
{
	status_t status = STATUS_OK;

	for (uint32_t page = 0; page < entry_parts[part].nr_pages && status == STATUS_OK; page++) {
		pfn_t frame;

		status = add_page(part, cpu, page, &frame);
		if (status == STATUS_OK && part == PART_DESCRIPTORS) {
			descriptors_fill(direct_map_pointer(frame), cpu_part(cpu));
			seal(frame);
		}
		if (status == STATUS_OK && entry_area_state(part) == STATE_ENTRY_PRIVATE) {
			frames_hide_alone(frame, 1);
			ktlb_wait(ktlb_downgrade());
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
		/* a pool's page comes later: entry_area_add_sealed */
		if (entry_rules[part].is_of_cpu && entry_rules[part].owner != OWNER_POOL) {
			status = add_part(part, id);
		}
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
	sealed_frames[id] = frame;
	return map_page(PART_CPU_SEALED, entry_area_address(PART_CPU_SEALED, id, 0), frame);
}

unsigned entry_area_this_cpu(void)
{
	return (unsigned)((msr_read(MSR_GS_BASE) - cpu_part(0).va) / ENTRY_CPU_STRIDE);
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

uint64_t kstack_lowest_regs(uint64_t stack_top)
{
	return stack_top - sizeof(struct regs) -
	       (options.kstack == kstack_fixed ? 0 : UINT8_MAX * KSTACK_OFFSET_STEP);
}
