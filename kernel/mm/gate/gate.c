/* Outside the gate: each change that the kernel makes to page tables and frame states, as a call of
 * an operation; with ptprot=off, and until gate_begin, as a plain store. */
#include "mm/gate/gate.h"

#include "core/cpu.h"
#include "core/panic.h"
#include "mm/frame/direct_map.h"
#include "mm/gate/operations.h"
#include "mm/table/ptable.h"
#include "mm/tlb/as_tlb.h"

RO_AFTER_INIT gate_way *gate_enter = gate_enter_off;
RO_AFTER_INIT gate_way *gate_switch_way = gate_switch_off;
RO_AFTER_INIT enum option_ptprot gate_in_force;
RO_AFTER_INIT uint64_t gate_distance;

RO_AFTER_INIT gate_function *gate_operations[NR_GATE_OPERATIONS] = {
#define GATE(name, function, text) function,
#include "mm/gate/gate.def"
#undef GATE
};

void gate_refused(enum gate_operation operation, uint64_t result, uint64_t what)
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
		[GATE_NOT_OURS] = "it is another address space's",
		[GATE_NOT_YET] = "a processor has not flushed yet",
	};
	panic("gate: %s of %#lx refused: %s", names[operation], what,
	      reasons[result & GATE_REFUSAL]);
}

uint64_t gate_try_flushed(enum gate_operation operation, const pte_t *entry, uint64_t b,
			  const pte_t *other)
{
	uint64_t result;

	while ((result = gate_try(operation, (uint64_t)entry, b, 0, 0)) == GATE_NOT_YET) {
		as_tlb_wait(frame_entry(pointer_to_pfn(entry))->number);
		as_tlb_wait(frame_entry(pointer_to_pfn(other))->number);
	}
	return result;
}

#define CALL(operation, a, b, c, d) ((void)gate_call(GATE_##operation, a, b, c, d))

/* With ptprot=off, and until gate_begin. */
static inline bool is_open(void) { return gate_in_force == ptprot_off; }

static inline void put(pte_t *entry, pte_t pte) { *(volatile uint64_t *)&entry->value = pte.value; }

/* The top-level entries of a user half, in both roots of the pair; user mode's way back to the
 * kernel's root must not be missed: ptable_user_slot_flags. */
static void put_open(pte_t *entry, pte_t pte)
{
	const struct frame *table = frame_entry(pointer_to_pfn(entry));
	bool is_top = table_level(table) == LEVEL_MAX && !(table->flags & TABLE_SHADOW) &&
		      (uint64_t)entry % PAGE_SIZE < PAGE_SIZE / 2;

	if (UNLIKELY(is_top)) {
		put(entry + PTES_PER_TABLE, pte);
		pte.value |= pte_is_present(pte) ? ptable_user_slot_flags : 0;
	}
	put(entry, pte);
}

void pte_store(pte_t *entry, pte_t pte)
{
	uint64_t result;

	if (is_open()) {
		put_open(entry, pte);
		return;
	}
	result = gate_try_flushed(GATE_ENTRY_SET, entry, pte.value, entry);
	if (UNLIKELY(result & GATE_REFUSAL)) {
		gate_refused(GATE_ENTRY_SET, result, (uint64_t)entry);
	}
}

/* What the tables between a root and a page let through: everything. */
static uint64_t link_flags(bool is_user)
{
	return PTE_PRESENT | PTE_WRITABLE | (is_user ? PTE_USER : 0);
}

bool table_link(pte_t *entry, pfn_t table, bool is_user)
{
	if (is_open()) {
		table_link_raw(entry, table);
		put_open(entry, pte_make(table, link_flags(is_user)));
		return true;
	}
	return !(gate_try(GATE_TABLE_LINK, (uint64_t)entry, table.pfn, 0, 0) & GATE_REFUSAL);
}

bool table_unlink(pte_t *entry)
{
	if (is_open()) {
		gate_frame(pte_frame(pte_read(entry)))->flags = 0;
		put_open(entry, PTE_NONE);
		return true;
	}
	return !(gate_try(GATE_ENTRY_SET, (uint64_t)entry, 0, 0, 0) & GATE_REFUSAL);
}

void pte_fill(pte_t *entry, unsigned nr, pte_t pte)
{
	if (!is_open()) {
		CALL(ENTRIES_FILL, (uint64_t)entry, nr, pte.value, 0);
		return;
	}
	for (unsigned i = 0; i < nr; i++) {
		put(&entry[i], pte);
		pte.value += pte_is_present(pte) ? PAGE_SIZE : 0;
	}
}

struct shared entries_share(pte_t *from, pte_t *to, unsigned nr, bool is_private)
{
	if (is_open()) {
		return entries_share_raw(from, to, nr, is_private);
	}
	return shared_in(
		gate_call(GATE_ENTRIES_SHARE, (uint64_t)from, (uint64_t)to, nr, is_private));
}

static void set(pfn_t first, uint32_t nr, uint64_t changes, uint64_t to)
{
	if (is_open()) {
		uint64_t *word = (uint64_t *)frame_entry(first);

		for (const uint64_t *end = word + nr; word < end; word++) {
			*word = (*word & ~changes) | to;
		}
		return;
	}
	CALL(FRAMES_SET, first.pfn, nr, ~changes, to);
}

void frames_become(pfn_t first, uint32_t nr, struct frame what)
{
	set(first, nr, ~0ul, ((union frame_word){ .frame = what }).word);
}

/* Open: in a byte of its own, as references are counted beside it. */
void frames_flag(pfn_t first, uint32_t nr, unsigned set_flags, unsigned clear)
{
	struct frame *frame = frame_entry(first);

	if (is_open()) {
		for (const struct frame *end = frame + nr; frame < end; frame++) {
			frame->flags = (uint8_t)((frame->flags & ~clear) | set_flags);
		}
		return;
	}
	set(first, nr, FRAME_WORD(.flags = (uint8_t)(set_flags | clear)),
	    FRAME_WORD(.flags = (uint8_t)set_flags));
}

void frames_number(pfn_t first, uint32_t nr, uint32_t number)
{
	set(first, nr, FRAME_WORD(.number = ~0u), FRAME_WORD(.number = number));
}

void frames_hide(pfn_t first, uint32_t nr)
{
	if (is_open()) {
		frames_flag(first, nr, FRAME_HIDDEN, 0);
	} else {
		CALL(FRAMES_HIDE, first.pfn, nr, 0, 0);
	}
}

void frames_reveal(pfn_t first, uint32_t nr)
{
	if (is_open()) {
		frames_flag(first, nr, 0, FRAME_HIDDEN);
	} else {
		CALL(FRAMES_REVEAL, first.pfn, nr, 0, 0);
	}
}

bool frames_settle(pfn_t first, uint32_t nr, bool is_zero)
{
	uint64_t result = gate_try(GATE_FRAMES_SETTLE, first.pfn, nr, is_zero, 0);

	if (result == GATE_NOT_YET) {
		return false;
	}
	if (UNLIKELY(result)) {
		gate_refused(GATE_FRAMES_SETTLE, result, first.pfn);
	}
	return true;
}

uint64_t generation_draw(void) { return gate_try(GATE_DOWNGRADE, 0, 0, 0, 0) >> GATE_VALUE_SHIFT; }

uint64_t generation_flush(void) { return gate_try(GATE_FLUSH, 0, 0, 0, 0) >> GATE_VALUE_SHIFT; }

void frame_kmaps_set(pfn_t frame, unsigned nr)
{
	if (is_open()) {
		frame_entry(frame)->kmaps = (uint8_t)nr;
		return;
	}
	set(frame, 1, FRAME_WORD(.kmaps = UINT8_MAX), FRAME_WORD(.kmaps = (uint8_t)nr));
}

void frame_held_set(pfn_t table, unsigned nr)
{
	set(table, 1, FRAME_WORD(.nr_used = UINT16_MAX), FRAME_WORD(.nr_used = (uint16_t)nr));
}

uint32_t frame_count(pfn_t frame, int more)
{
	assert(is_open());
	return __atomic_add_fetch(&frame_entry(frame)->refs, (uint32_t)more, __ATOMIC_ACQ_REL);
}

void tables_place(pfn_t first, unsigned nr, unsigned flags, uint32_t number)
{
	frames_become(
		first, nr,
		(struct frame){ .owner = OWNER_PTABLE, .flags = (uint8_t)flags, .number = number });
}

bool tables_clear(pfn_t first, unsigned nr)
{
	uint64_t result = gate_try(GATE_TABLES_CLEAR, first.pfn, nr, 0, 0);

	if (UNLIKELY(result && result != GATE_NOT_YET)) {
		gate_refused(GATE_TABLES_CLEAR, result, first.pfn);
	}
	return !result;
}

void stack_give(uint32_t stack, uint32_t pid) { CALL(STACK_GIVE, stack, pid, 0, 0); }

void stack_take(uint32_t stack) { CALL(STACK_TAKE, stack, 0, 0, 0); }

void upcall_switch_refused(uint64_t result, uint64_t stack)
{
	gate_refused(GATE_SWITCH, result, stack);
}

unsigned stack_switch_here(unsigned how)
{
	return (unsigned)(gate_call(GATE_SWITCH_HERE, how, 0, 0, 0) >> GATE_VALUE_SHIFT);
}

unsigned stack_settle(void) { return stack_switch_here(SWITCH_LOAD); }

bool root_pair_make(pfn_t root)
{
	uint64_t result = gate_try(GATE_ROOT_MAKE, root.pfn, 0, 0, 0);

	if (UNLIKELY(result && result != GATE_NOT_OURS)) {
		gate_refused(GATE_ROOT_MAKE, result, root.pfn);
	}
	return !result;
}

void root_pair_end(pfn_t root) { CALL(ROOT_END, root.pfn, 0, 0, 0); }

/* False: it was not in that state, or cannot leave it. */
static bool root_change(pfn_t root, unsigned from, unsigned to)
{
	return (frame_entry(root)->flags & ROOT_STATES) == from &&
	       !(gate_try(GATE_ROOT_CHANGE, root.pfn, to, 0, 0) & GATE_REFUSAL);
}

bool root_take(pfn_t root)
{
	return pfn_is_valid(root) && root.pfn % 2 == 0 &&
	       frame_entry(root)->owner == OWNER_PTABLE && root_change(root, ROOT_IDLE, ROOT_NEW);
}

bool root_rest(pfn_t root)
{
	return root_change(root, frame_entry(root)->flags & ROOT_STATES, ROOT_IDLE);
}

bool root_publish(pfn_t root) { return root_change(root, ROOT_NEW, 0); }

bool root_begin_program(pfn_t root, unsigned file)
{
	return is_open() ||
	       !(gate_try(GATE_ROOT_CHANGE, root.pfn, ROOT_PROGRAM, file, 0) & GATE_REFUSAL);
}

bool root_die(pfn_t root) { return root_change(root, 0, ROOT_DYING); }
