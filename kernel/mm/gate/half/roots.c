/* In the gate: page tables without a place are zeroed, and made the roots of an address space. */
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/gate/current/user_half.h"
#include "mm/gate/locks.h"
#include "mm/table/ptable.h"

/* The direct map lets nobody write to it. */
static bool is_guarded(pfn_t table)
{
	pte_t pte = ptable_lookup(kernel_root, direct_map_address(table), NULL);

	return pte_is_present(pte) && (gate_pte_is_guarded(pte) || !pte_is_writable(pte));
}

static uint64_t clear(pfn_t table, struct frame from)
{
	struct frame taken = from;

	taken.number = FRAME_SETTLING;
	if (!frame_word_change(table, from, from.flags, FRAME_SETTLING)) {
		return GATE_IN_USE;
	}
	memset(gate_table_open(PLACE_ONE, table), 0, PAGE_SIZE);
	gate_table_close(PLACE_ONE);
	(void)frame_word_change(table, taken, TABLE_CLEAN, 0);
	return GATE_DONE;
}

/* One that nobody can write to any more waits for who still might; then it is zeroed. The kernel
 * half is locked. */
static uint64_t go_on(pfn_t table)
{
	struct frame from = *frame_entry(table);

	if (table_is_clean(&from)) {
		return GATE_DONE;
	}
	if (!table_is_loose(&from) || from.flags || from.number == FRAME_SETTLING) {
		return GATE_IN_USE;
	}
	if (!from.number) {
		return is_guarded(table) && frame_word_change(table, from, 0, gate_number_next())
			       ? GATE_NOT_YET
			       : GATE_IN_USE;
	}
	return gate_number_is_complete(from.number) ? clear(table, from) : (uint64_t)GATE_NOT_YET;
}

/* first, how many: page tables without a place, from their first moment to where each may get one.
 * Asked again after a wait. */
uint64_t gate_tables_clear(uint64_t first, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	uint64_t refusal = GATE_DONE;

	(void)unused2;
	(void)unused3;
	if (first >= nr_frames || nr > nr_frames - first) {
		return GATE_NO_FRAME;
	}
	gate_kernel_half_lock();
	for (uint64_t at = first; at < first + nr; at++) {
		pfn_t table = { (uint32_t)at };
		uint64_t one = pfn_is_valid(table) ? go_on(table) : (uint64_t)GATE_NO_FRAME;

		refusal = one && (!refusal || refusal == GATE_NOT_YET) ? one : refusal;
	}
	gate_kernel_half_unlock();
	return refusal;
}

/* Of a new root, number says who makes it: which root was loaded then. Of others it is their own.
 */
static uint32_t maker(pfn_t root) { return gate_is_shut() ? gate_loaded_root().pfn : root.pfn; }

bool root_owes(uint32_t root)
{
	union frame_word from, to;

	do {
		from.frame = *frame_entry((pfn_t){ root });
		to = from;
		to.frame.nr_used = (uint16_t)(from.frame.nr_used + OWED);
		if (from.frame.flags & ROOT_STATES || from.frame.nr_used > UINT16_MAX - OWED) {
			return false;
		}
	} while (!__atomic_compare_exchange_n((uint64_t *)gate_frame((pfn_t){ root }), &from.word,
					      to.word, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return true;
}

/*
 * The life of a root: made or taken from a stock, filled by its maker and nobody else, or with a
 * program, and published; dying, and idle. Its user half is empty at both ends. The shadow root
 * goes with it.
 */
static bool may_change(pfn_t root, struct frame from, unsigned to)
{
	unsigned before = from.flags & ROOT_STATES;
	bool is_program = before == ROOT_PROGRAM;
	bool is_new =
		(before == ROOT_NEW || is_program) && (!gate_is_shut() || root_is_made_here(from));

	switch (to) {
	case ROOT_NEW: return before == ROOT_IDLE;
	case ROOT_PROGRAM: return is_new && !is_program && from.nr_used == 0;
	case ROOT_DYING:
		return before == 0 && (!gate_is_shut() || (from.nr_used < OWED &&
							   !gate_root_runs_elsewhere(root.pfn)));
	case ROOT_IDLE:
		return from.nr_used == 0 &&
		       (is_new || (before == ROOT_DYING &&
				   !(gate_is_shut() && gate_root_is_named(root.pfn))));
	default: return to == 0 && is_new && (!is_program || program_is_whole(root));
	}
}

static bool is_kernel_root(struct frame frame)
{
	return frame.owner == OWNER_PTABLE && table_level(&frame) == LEVEL_MAX &&
	       (frame.flags & (TABLE_SHADOW | TABLE_LINKED)) == TABLE_LINKED;
}

/* Under the root's lock, which keeps its user half as it is. The kernel's own root is no address
 * space's: whoever is in none goes on there, so it neither dies nor rests. */
static uint64_t root_change(pfn_t root, unsigned state, uint64_t file)
{
	struct frame from = *frame_entry(root);
	bool begins = gate_is_shut() && state == ROOT_NEW;
	bool ends = gate_is_shut() && from.flags & ROOT_NEW && state != ROOT_PROGRAM;
	uint32_t loaded = gate_is_shut() ? gate_loaded_root().pfn : 0;
	uint64_t refusal = GATE_DONE;

	if (!is_kernel_root(from) || root.pfn == kernel_root.pfn ||
	    !may_change(root, from, state) ||
	    (state == ROOT_PROGRAM && !program_begin(root, file))) {
		return GATE_NO_CHANGE;
	}
	if (begins && !root_owes(loaded)) {
		return GATE_NOT_OURS;
	}
	if (!frame_word_change(root, from, (uint8_t)((from.flags & ~ROOT_STATES) | state),
			       state & ROOT_NEW ? maker(root) : root.pfn)) {
		refusal = GATE_IN_USE;
	} else if ((from.flags & ROOT_STATES) == ROOT_PROGRAM) {
		program_end(root);
	}
	if (!refusal && state == ROOT_IDLE) {
		half_forget(root.pfn);
	}
	/* who has it loaded still is to load another */
	if (!refusal && state == ROOT_DYING) {
		half_raise(root.pfn);
	}
	if (begins ? refusal : ends && !refusal) {
		root_owes_less(loaded);
	}
	return refusal;
}

bool root_publish_owed(pfn_t root)
{
	return root_change(root, 0, 0) == GATE_DONE && root_owes(root.pfn);
}

/* The root, its state from now on: of enum table_flags; which file of the archive it is filled
 * with, if it is. */
uint64_t gate_root_change(uint64_t number, uint64_t state, uint64_t file, uint64_t unused3)
{
	pfn_t root = { (uint32_t)number };
	uint64_t refusal;

	(void)unused3;
	if (number >= nr_frames || state & ~(uint64_t)ROOT_STATES) {
		return GATE_NO_FRAME;
	}
	if (!gate_is_shut()) {
		return root_change(root, (unsigned)state, file);
	}
	if (!gate_lock_root(root.pfn)) {
		return GATE_NO_FRAME;
	}
	refusal = root_change(root, (unsigned)state, file);
	gate_unlock_root(root.pfn);
	return refusal;
}

static bool is_ready(struct frame table)
{
	return gate_is_shut() ? table_is_clean(&table) &&
					(!table.number || gate_number_is_complete(table.number))
			      : table_is_loose(&table);
}

/* A clean table becomes a root, if it is one still. */
static bool root_become(pfn_t table, uint8_t flags, uint32_t number)
{
	struct frame from = *frame_entry(table);

	return is_ready(from) && frame_word_change(table, from, flags, number);
}

static void root_fill(pfn_t root, pfn_t shadow)
{
	enum { HALF = PTES_PER_TABLE / 2 };
	pte_t *entries = gate_table_open(PLACE_ONE, root);

	memcpy(entries + HALF, (const pte_t *)direct_map_pointer(kernel_root) + HALF,
	       HALF * sizeof(pte_t));
	gate_table_close(PLACE_ONE);
	gate_table_open(PLACE_ONE, shadow)[ptable_shadow_index] = ptable_shadow_entry;
	gate_table_close(PLACE_ONE);
}

/* The first of two. The shadow root, whose word is the lock, comes last: until then nobody gets at
 * their user half. */
uint64_t gate_root_make(uint64_t first, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	pfn_t root = { (uint32_t)first }, shadow = { (uint32_t)first + 1 };
	uint64_t refusal = GATE_DONE;

	(void)unused1;
	(void)unused2;
	(void)unused3;
	if (first % 2 || first >= nr_frames || !pfn_is_valid(root) || !pfn_is_valid(shadow)) {
		return GATE_NO_FRAME;
	}
	if (gate_is_shut() && !root_owes(maker(root))) {
		return GATE_NOT_OURS;
	}
	if (!root_become(root, LEVEL_MAX | TABLE_LINKED | ROOT_NEW, maker(root))) {
		refusal = GATE_IN_USE;
	} else if (!root_become(shadow, LEVEL_MAX | TABLE_LINKED | TABLE_SHADOW, 1)) {
		/* it was clean, and nothing could get below it */
		*gate_frame(root) = (struct frame){ .owner = OWNER_PTABLE, .flags = TABLE_CLEAN };
		refusal = GATE_IN_USE;
	}
	if (refusal) {
		if (gate_is_shut()) {
			root_owes_less(maker(root));
		}
		return refusal;
	}
	root_fill(root, shadow);
	return GATE_DONE;
}

/* The first of two, idle: tables again, which are to be cleared. With its word the lock goes. */
uint64_t gate_root_end(uint64_t first, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	static const struct frame loose = { .owner = OWNER_PTABLE };
	pfn_t root = { (uint32_t)first };
	struct frame from;

	(void)unused1;
	(void)unused2;
	(void)unused3;
	if (first >= nr_frames || !gate_lock_root(root.pfn)) {
		return GATE_NO_FRAME;
	}
	from = *frame_entry(root);
	if (!is_kernel_root(from) || (from.flags & ROOT_STATES) != ROOT_IDLE || from.nr_used) {
		gate_unlock_root(root.pfn);
		return GATE_IN_USE;
	}
	*gate_frame(root) = loose;
	__atomic_store_n((uint64_t *)gate_frame((pfn_t){ root.pfn + 1 }),
			 ((union frame_word){ .frame = loose }).word, __ATOMIC_RELEASE);
	return GATE_DONE;
}
