/* In the gate: where an entry is, as the frame table says, and what keeps it there meanwhile. */
#include "mm/frame/direct_map.h"
#include "mm/frame/kspace.h"
#include "mm/gate/locks.h"
#include "mm/gate/operations.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"

/* Only there some page may still come or go after the boot. */
bool place_may_change(uint64_t address)
{
	enum policy_view view = policy_view_of(address);

	return view == VIEW_DIRECT_MAP || view == VIEW_POOLS || view == VIEW_MARKS ||
	       (view == VIEW_KSPACE && kspace_is_for_stacks(address));
}

static uint64_t kernel_address(const struct frame *table, unsigned level, unsigned index)
{
	uint64_t offset = (uint64_t)index << level_shift(level);

	if (level == LEVEL_MAX) {
		return offset | ~((1ul << 48) - 1);
	}
	return table_is_reserved(table)
		       ? direct_map_address((pfn_t){ table->number }) + offset
		       : (table->number | ~(uint64_t)UINT32_MAX) << level_shift(2) | offset;
}

static struct frame state_now(pfn_t table)
{
	return ((union frame_word){ .word = __atomic_load_n((const uint64_t *)frame_entry(table),
							    __ATOMIC_ACQUIRE) })
		.frame;
}

/* From what the frame table says of the table. */
bool place_find(uint64_t entry, struct place *out)
{
	pfn_t table = direct_map_frame((va_t){ entry });
	unsigned index = entry % PAGE_SIZE / sizeof(pte_t), level;
	struct frame state, *frame = &state;

	if (!pfn_is_valid(table) || entry % sizeof(pte_t)) {
		return false;
	}
	state = state_now(table);
	level = table_level(frame);
	if (frame->owner != OWNER_PTABLE) {
		return false;
	}
	*out = (struct place){ .table = table, .index = index, .level = level, .state = state };
	if (!level && !gate_is_shut()) {
		return true; /* of before gate_begin */
	}
	if (!level || (!(frame->flags & TABLE_LINKED) && !table_is_reserved(frame)) ||
	    frame->flags & TABLE_SHADOW) {
		return false;
	}
	out->is_user =
		level == LEVEL_MAX ? index < PTES_PER_TABLE / 2 : !!(frame->flags & TABLE_USER);
	out->root = level == LEVEL_MAX ? table.pfn : frame->number;
	if (out->is_user && out->root == kernel_root.pfn && gate_is_shut()) {
		return false; /* which has no user half */
	}
	out->address = out->is_user ? 0 : kernel_address(frame, level, index);
	out->is_frozen = !out->is_user && (level == LEVEL_MAX || !place_may_change(out->address));
	/* of a private window only the gate itself writes entries, with no lock that others take */
	return !out->is_frozen || !gate_is_shut() || policy_view_of(out->address) != VIEW_WINDOW;
}

/* What the frame table said when the place was found it says still, the count of entries apart;
 * else it is found again, and must be below the same root. */
static bool is_still(uint64_t entry, struct place *place)
{
	union frame_word before = { .frame = place->state },
			 now = { .frame = state_now(place->table) };
	uint32_t root = place->root;
	bool is_user = place->is_user;

	return LIKELY(!((before.word ^ now.word) & ~FRAME_WORD(.nr_used = UINT16_MAX))) ||
	       (place_find(entry, place) && place->is_user == is_user && place->root == root);
}

/*
 * Of the user half whose root this is, or of the kernel half. Which that is is asked again once it
 * is locked: while it is, a table stays what it is.
 */
bool place_lock(uint64_t entry, struct place *out)
{
	struct place before;

	if (!place_find(entry, out)) {
		return false;
	}
	before = *out;
	if (!before.is_user) {
		gate_kernel_half_lock();
	} else if (!gate_lock_root(before.root)) {
		return false;
	}
	if (is_still(entry, out)) {
		return true;
	}
	place_unlock(&before);
	return false;
}

void place_unlock(const struct place *place)
{
	if (place->is_user) {
		gate_unlock_root(place->root);
	} else {
		gate_kernel_half_unlock();
	}
}

/* The lower root first, as all do. */
static bool roots_lock(uint32_t one, uint32_t two)
{
	uint32_t low = MIN(one, two), high = MAX(one, two);

	if (!gate_lock_root(low)) {
		return false;
	}
	if (high == low || gate_lock_root(high)) {
		return true;
	}
	gate_unlock_root(low);
	return false;
}

static void roots_unlock(uint32_t one, uint32_t two)
{
	gate_unlock_root(one);
	if (two != one) {
		gate_unlock_root(two);
	}
}

bool place_lock_two(uint64_t one_at, uint64_t two_at, struct place *one, struct place *two)
{
	uint32_t one_root, two_root;

	if (!place_find(one_at, one) || !place_find(two_at, two) || !one->is_user ||
	    !two->is_user || !roots_lock(one->root, two->root)) {
		return false;
	}
	one_root = one->root;
	two_root = two->root;
	if (is_still(one_at, one) && is_still(two_at, two)) {
		return true;
	}
	roots_unlock(one_root, two_root);
	return false;
}

void place_unlock_two(const struct place *one, const struct place *two)
{
	roots_unlock(one->root, two->root);
}

bool place_lock_and_root(uint64_t entry, uint32_t root, struct place *out)
{
	uint32_t own;

	if (!place_find(entry, out) || !out->is_user || !roots_lock(out->root, root)) {
		return false;
	}
	own = out->root;
	if (is_still(entry, out)) {
		return true;
	}
	roots_unlock(own, root);
	return false;
}

void place_unlock_and_root(const struct place *place, uint32_t root)
{
	roots_unlock(place->root, root);
}

/* The top-level entries of a user half, in both roots of the pair; user mode's way back to the
 * kernel's root must not be missed: ptable_user_slot_flags. They are links, without rights of their
 * own. */
static void root_entry_put(pte_t *entries, const struct place *place, pte_t pte)
{
	pte_t *shadow = gate_table_open(PLACE_TWO, pfn_add(place->table, 1));

	pte = pte_without(pte, PTE_NO_EXECUTE);
	gate_put(&shadow[place->index], pte);
	gate_table_close(PLACE_TWO);
	gate_put(&entries[place->index],
		 pte_is_present(pte) ? pte_with(pte, ptable_user_slot_flags & PTE_NO_EXECUTE)
				     : pte);
}

void place_put(const struct place *place, pte_t *entries, pte_t pte)
{
	if (place->level == LEVEL_MAX && place->index < PTES_PER_TABLE / 2) {
		root_entry_put(entries, place, pte);
	} else {
		gate_put(&entries[place->index], pte);
	}
}
