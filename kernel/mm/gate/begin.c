/*
 * How protection begins: once, with all processors up and idle, before anything that a user program
 * has a part in. From here on the gate holds what it is asked for against what is written down
 * here: which tables there are, and where each has its place.
 */
#include "mm/gate/begin.h"
#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/entry/descriptors.h"
#include "arch/x86_64/entry/upcall.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/panic.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/kspace.h"
#include "mm/frame/window.h"
#include "mm/gate/operations.h"
#include "mm/gate/without.h"
#include "mm/pool/pool.h"
#include "mm/sanitizer/marks.h"
#include "mm/table/entry_area.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

void gate_choose(void)
{
	if (options.ptprot == ptprot_pks && !cpu_features.pks) {
		options.ptprot = ptprot_window;
		log_print("bulwark: ptprot=window: this processor has no protection keys\n");
	}
	if (sizeof(GATE_LACKS) > 1) {
		log_print("bulwark: INSECURE: the gate lacks the rule that gate_%s aims at\n",
			  GATE_LACKS);
	}
}

/* interrupted.asm: one for each vector, GATE_STUB_BYTES apart. */
extern const char gate_stubs[];
/* gate.asm loads it: what arrives in the gate is saved on the gate's stack. */
extern struct table_pointer gate_idtr;
RO_AFTER_INIT struct table_pointer gate_idtr;
RO_AFTER_INIT static char gate_idt[GATE_NR_VECTORS * IDT_ENTRY_BYTES] __attribute__((aligned(16)));

/* What is kept for a processor is there from the start, with any ptprot. */
enum { KEPT_PAGE = 1 + GATE_STACK_PAGES };

static uint64_t block_address(unsigned cpu, unsigned page)
{
	return guarded_base() + GUARDED_FRAMES_SIZE +
	       (cpu * (uint64_t)GATE_BLOCK_PAGES + page) * PAGE_SIZE;
}

uint64_t gate_stack_top(unsigned cpu)
{
	uint64_t distance = options.ptprot == ptprot_window ? WINDOW_GUARDED - guarded_base() : 0;

	return block_address(cpu, KEPT_PAGE) + distance;
}

static void page_add(unsigned cpu, unsigned page)
{
	pfn_t frame;

	if (frame_alloc_zeroed(OWNER_KERNEL, 0, &frame) ||
	    ptable_map_kernel(block_address(cpu, page), frame, PTE_WRITABLE | ptable_nx())) {
		panic("no memory for the gate's blocks");
	}
	frame_set_place(frame, block_address(cpu, page));
}

void gate_add_cpu(unsigned cpu)
{
	page_add(cpu, KEPT_PAGE);
	gate_kept_start = block_address(0, KEPT_PAGE) + GATE_KEPT_OFFSET;
}

static void block_add(unsigned cpu)
{
	for (unsigned page = 1; page < KEPT_PAGE; page++) {
		page_add(cpu, page);
	}
	/* BUILD=kasan: the compiler writes marks of what lies on a stack */
	if (marks_cover(gate_stack_top(cpu) - GATE_STACK_PAGES * PAGE_SIZE, gate_stack_top(cpu))) {
		panic("no memory for the marks of the gate's stacks");
	}
}

/* Where the generations of the kernel half go on. No processor has seen one yet, and no frame
 * waits: one that does has no number. */
static void kept_begin(void)
{
	if (frame_pool.quarantine.nr) {
		panic("gate: frames wait in the quarantine already");
	}
	((struct gate_kept *)gate_kept_start)->newest = ktlb_generation();
	((struct gate_kept *)gate_kept_start)->pools_next = pool_header()->next_address;
}

/* --- which tables there are --- */

/* Whether frames that are mapped there know it. */
static bool notes_at(uint64_t address)
{
	return options.ptprot != ptprot_off && policy_view_of(address) != VIEW_DIRECT_MAP;
}

/* As gate_entry_set does of what comes later. */
static void note_mapped(pfn_t frame, uint64_t address)
{
	const struct frame *entry = frame_entry(frame);

	if (pfn_is_valid(frame) && frame_notes_mapped(entry)) {
		bool is_for_good =
			entry->owner == OWNER_POOL && policy_view_of(address) == VIEW_ENTRY_AREA;

		frames_flag(frame, 1, FRAME_MAPPED | (is_for_good ? FRAME_PLACED : 0), 0);
	}
}

/* Most tables are of the direct map, and full. This is most of what a boot looks at. */
static unsigned count_used(const pte_t *entries)
{
	uint64_t in_all = PTE_PRESENT;
	unsigned nr = 0;

#pragma GCC unroll 512
	for (unsigned i = 0; i < PTES_PER_TABLE; i++) {
		in_all &= entries[i].value;
	}
	for (unsigned i = 0; i < PTES_PER_TABLE && !in_all; i++) {
		nr += entries[i].value != 0;
	}
	return in_all ? PTES_PER_TABLE : nr;
}

static void place_below(pfn_t table, unsigned level, uint64_t start, unsigned flags)
{
	const pte_t *entries = direct_map_pointer(table);
	/* most tables are of the direct map's pages */
	bool is_looked_through = level > 1 || notes_at(start);

	for (unsigned i = 0; is_looked_through && i < PTES_PER_TABLE; i++) {
		uint64_t address = start + ((uint64_t)i << level_shift(level));

		if (!pte_is_present(entries[i])) {
			continue;
		}
		if (!pte_is_leaf(entries[i], level)) {
			place_below(pte_frame(entries[i]), level - 1, address, flags);
		} else if (notes_at(address)) {
			note_mapped(pte_frame(entries[i]), address);
		}
	}
	if (!(table_is_reserved(frame_entry(table)))) {
		frames_become(table, 1,
			      (struct frame){ .owner = OWNER_PTABLE,
					      .flags = (uint8_t)(level | TABLE_LINKED | flags),
					      .nr_used = (uint16_t)count_used(entries),
					      .number = (uint32_t)(start >> level_shift(2)) });
	}
}

/* The kernel half of a root, but for what others have too. */
static void place_root(pfn_t root, unsigned first, unsigned end, unsigned flags)
{
	const pte_t *entries = direct_map_pointer(root);

	for (unsigned i = first; i < end; i++) {
		uint64_t start = (uint64_t)i << level_shift(LEVEL_MAX) | KERNEL_HALF;

		if (pte_is_present(entries[i])) {
			place_below(pte_frame(entries[i]), LEVEL_MAX - 1, start, flags);
		}
	}
	tables_place(root, 1, LEVEL_MAX | TABLE_LINKED | flags, root.pfn);
}

static void place_tables(void)
{
	unsigned window = level_index(WINDOW_BASE, LEVEL_MAX);

	place_root(kernel_root, PTES_PER_TABLE / 2, PTES_PER_TABLE, 0);
	place_root(entry_area_root(ENTRY_SHADOW_ROOTS), PTES_PER_TABLE / 2, PTES_PER_TABLE,
		   TABLE_SHADOW);
	for (unsigned id = 0; id < nr_cpus; id++) {
		place_root(cpus[id]->window_root, window, window + 1, 0);
	}
}

/* Calls until now opened nothing. Switches are counted in any case: gate_calls_of. */
static void count_from_here(void)
{
	for (unsigned id = 0; id < nr_cpus; id++) {
		uint64_t nr_switches = cpus[id]->counters[COUNTER_context_switches];

		cpus[id]->counters[COUNTER_gate_calls] =
			options.ptprot == ptprot_off ? 0 : -nr_switches;
	}
}

uint64_t gate_calls_of(const struct cpu *cpu)
{
	uint64_t nr_switches = cpu->counters[COUNTER_context_switches];

	return cpu->counters[COUNTER_gate_calls] + (gate_in_force == ptprot_off ? 0 : nr_switches);
}

void gate_begin(void)
{
	static gate_way *const ways[] = { [ptprot_off] = gate_enter_off,
					  [ptprot_wp] = gate_enter_wp,
					  [ptprot_window] = gate_enter_window,
					  [ptprot_pks] = gate_enter_pks };
	static gate_way *const switch_ways[] = { [ptprot_off] = gate_switch_off,
						 [ptprot_wp] = gate_switch_wp,
						 [ptprot_window] = gate_switch_window,
						 [ptprot_pks] = gate_switch_pks };

	if (options.ptprot == ptprot_off) {
		place_tables();
		count_from_here();
		return;
	}
	for (unsigned id = 0; id < nr_cpus; id++) {
		block_add(id);
	}
	guarded_hide();
	place_tables();
	kept_begin();
	guarded_close();
	if (options.ptprot == ptprot_window) {
		gate_distance = WINDOW_GUARDED - guarded_base();
		gate_frames = (struct frame *)((uint64_t)frames + gate_distance);
		gate_operations[GATE_PAGE_MAP] = gate_page_map_in_window;
	}
	idt_fill_on_stack(gate_idt, GATE_NR_VECTORS, (uint64_t)gate_stubs, GATE_STUB_BYTES);
	gate_idtr = (struct table_pointer){ sizeof(gate_idt) - 1, (uint64_t)gate_idt };
	count_from_here();
	gate_in_force = options.ptprot;
	gate_enter = ways[options.ptprot];
	gate_switch_way = switch_ways[options.ptprot];
	ktlb_wait(ktlb_downgrade());
	/* the gate writes by now: a table shows itself */
	guard_tables();
	ktlb_wait(ktlb_downgrade());
}

/* A window root shows its processor's window, and with ptprot=window all that is guarded. */
bool upcall_gate_is_closed(void)
{
	bool is_in_window = pa_to_pfn(cr3_root(cr3_read())).pfn == this_cpu()->window_root.pfn;

	return gate_in_force == ptprot_off ||
	       (!is_in_window && cr0_read() & CR0_WP &&
		(gate_in_force != ptprot_pks || msr_read(MSR_PKRS) == PKRS_CLOSED));
}

void upcall_gate_fault(const struct regs *regs)
{
	panic_at(regs, "gate: exception %lu within, cr2 %#lx", regs->vector, cr2_read());
}
