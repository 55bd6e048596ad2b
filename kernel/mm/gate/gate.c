/* How the gate opens, and when it begins to matter. */
#include "mm/gate/gate.h"

#include "arch/x86_64/features.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/gate/operations.h"
#include "mm/ptable.h"
#include "mm/tlb_hw.h"
#include "mm/window.h"

RO_AFTER_INIT gate_way *gate_enter = gate_enter_off;
RO_AFTER_INIT enum option_ptprot gate_in_force;
RO_AFTER_INIT uint64_t gate_distance;

/* gate.asm */
extern uint64_t (*const gate_operations[NR_GATE_OPERATIONS])(uint64_t, uint64_t, uint64_t,
							     uint64_t);
uint64_t (*const gate_operations[NR_GATE_OPERATIONS])(uint64_t, uint64_t, uint64_t, uint64_t) = {
#define GATE(name, function, text) function,
#include "mm/gate/gate.def"
#undef GATE
};

void gate_choose(void)
{
	if (options.ptprot == ptprot_pks && !cpu_features.pks) {
		options.ptprot = ptprot_window;
		log_print("bulwark: ptprot=window: this processor has no protection keys\n");
	}
}

pte_t gate_guarded_pte(pfn_t frame)
{
	pte_t pte = direct_map_pte(frame);

	return options.ptprot == ptprot_pks ? pte_with(pte, PTE_KEY)
					    : pte_without(pte, PTE_WRITABLE);
}

bool gate_pte_is_guarded(pte_t leaf)
{
	return options.ptprot == ptprot_pks && (leaf.value & PTE_KEY_MASK) == PTE_KEY;
}

static uint64_t place_address(enum gate_place place)
{
	return WINDOW_TABLES + place * (uint64_t)PAGE_SIZE;
}

static void place_set(enum gate_place place, pte_t pte)
{
	pte_t *entries = (pte_t *)WINDOW_SELF;

	*(volatile uint64_t *)&entries[level_index(place_address(place), 1)].value = pte.value;
}

pte_t *gate_table_open(enum gate_place place, pfn_t table)
{
	if (gate_in_force != ptprot_window) {
		return direct_map_pointer(table);
	}
	place_set(place, pte_make(table, PTE_PRESENT | PTE_WRITABLE | ptable_nx()));
	return (pte_t *)place_address(place);
}

void gate_table_close(enum gate_place place)
{
	if (gate_in_force == ptprot_window) {
		place_set(place, PTE_NONE);
		tlb_hw_flush_page(place_address(place));
	}
}

static void check(enum gate_operation operation, uint64_t result, uint64_t what)
{
	static const char *const names[NR_GATE_OPERATIONS] = {
#define GATE(name, function, text) #name,
#include "mm/gate/gate.def"
#undef GATE
	};
	static const char *const reasons[NR_GATE_REFUSALS] = {
		[GATE_NO_FRAME] = "there is no such frame",
		[GATE_NO_TABLE] = "it lies in no page table that may change",
		[GATE_NOT_FOR_IT] = "nothing like that may be mapped there",
		[GATE_NO_CHANGE] = "no frame becomes that from what it is",
		[GATE_IN_USE] = "it is in use elsewhere, or not empty",
	};
	unsigned refusal = result & GATE_REFUSAL;

	if (UNLIKELY(refusal)) {
		panic("gate: %s of %#lx refused: %s", names[operation], what, reasons[refusal]);
	}
}

static uint64_t enter(uint64_t a, uint64_t b, uint64_t c, uint64_t d, enum gate_operation operation)
{
	COUNT(gate_calls);
	return gate_enter(a, b, c, 0, d, operation);
}

#define CALL(operation, a, b, c, d)                                                                \
	do {                                                                                       \
		uint64_t first_word = (a);                                                         \
                                                                                                   \
		check(GATE_##operation, enter(first_word, b, c, d, GATE_##operation), first_word); \
	} while (0)

void pte_store(pte_t *entry, pte_t pte) { CALL(ENTRY_SET, (uint64_t)entry, pte.value, 0, 0); }

void pte_fill(pte_t *entry, unsigned nr, pte_t pte)
{
	CALL(ENTRIES_FILL, (uint64_t)entry, nr, pte.value, 0);
}

static void set(pfn_t first, uint32_t nr, uint64_t changes, uint64_t to)
{
	CALL(FRAMES_SET, first.pfn, nr, ~changes, to);
}

void frames_become(pfn_t first, uint32_t nr, struct frame what)
{
	set(first, nr, ~0ul, ((union frame_word){ .frame = what }).word);
}

void frames_flag(pfn_t first, uint32_t nr, unsigned set_flags, unsigned clear)
{
	set(first, nr, FRAME_WORD(.flags = (uint8_t)(set_flags | clear)),
	    FRAME_WORD(.flags = (uint8_t)set_flags));
}

void frames_number(pfn_t first, uint32_t nr, uint32_t number)
{
	set(first, nr, FRAME_WORD(.number = ~0u), FRAME_WORD(.number = number));
}

void frame_kmaps_set(pfn_t frame, unsigned nr)
{
	set(frame, 1, FRAME_WORD(.kmaps = UINT8_MAX), FRAME_WORD(.kmaps = (uint8_t)nr));
}

void frame_held_set(pfn_t table, unsigned nr)
{
	set(table, 1, FRAME_WORD(.nr_used = UINT16_MAX), FRAME_WORD(.nr_used = (uint16_t)nr));
}

uint32_t frame_count(pfn_t frame, int more)
{
	uint64_t result = enter(frame.pfn, (uint64_t)more, 0, 0, GATE_FRAME_COUNT);

	check(GATE_FRAME_COUNT, result, frame.pfn);
	return (uint32_t)(result >> GATE_VALUE_SHIFT);
}

bool frame_hold(pfn_t frame)
{
	return !(enter(frame.pfn, 1, 1, 0, GATE_FRAME_COUNT) & GATE_REFUSAL);
}

void tables_place(pfn_t first, unsigned nr, unsigned flags, uint32_t number)
{
	frames_become(
		first, nr,
		(struct frame){ .owner = OWNER_PTABLE, .flags = (uint8_t)flags, .number = number });
}

void tables_clear(pfn_t first, unsigned nr) { CALL(TABLES_CLEAR, first.pfn, nr, 0, 0); }

void root_pair_make(pfn_t root) { CALL(ROOT_MAKE, root.pfn, 0, 0, 0); }
