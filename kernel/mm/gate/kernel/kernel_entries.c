/* In the gate: leaves of the kernel half. The kernel half is locked. */
#include "mm/gate/half/entries.h"

#include "arch/x86_64/cpu/features.h"
#include "mm/frame/direct_map.h"
#include "mm/pool/pool.h"
#include "mm/table/ptable.h"

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

static bool rights_allow(enum policy_rights rights, bool is_writable)
{
	switch (rights) {
	case RIGHTS_ABSENT: return false;
	case RIGHTS_R:
	case RIGHTS_RX:
	case RIGHTS_REQUIRED_R: return !is_writable;
	default: return true;
	}
}

/* What policy.def has for each frame's state in this view. */
static bool states_allow(pfn_t first, unsigned level, enum policy_view view, bool is_writable)
{
	for (uint32_t i = 0; i < 1u << 9 * (level - 1); i++) {
		enum policy_state state = policy_state_of(pfn_add(first, i));

		if (!rights_allow(policy_rights_in(state, view), is_writable)) {
			return false;
		}
	}
	return true;
}

/*
 * Beside the direct map, where the address does not say it: whose frame belongs there? Stacks are
 * the kernel's. A pool's area gets its pages before it is complete, and its descriptor, sealed
 * memory, says where it lies. Descriptors are read-only from the start.
 */
static bool is_of_this_place(pfn_t frame, uint64_t address, enum policy_view view, bool is_writable)
{
	const struct frame *entry = frame_entry(frame);
	const union pool_slot *slot;

	if (!pfn_is_valid(frame)) {
		return false;
	}
	if (view != VIEW_POOLS) {
		return entry->owner == OWNER_KERNEL;
	}
	if (address < POOL_AREAS_START) {
		return entry->owner == OWNER_POOL && !entry->number &&
		       (!is_writable || options.pmalloc == pmalloc_off);
	}
	slot = entry->owner == OWNER_POOL ? pool_slot(entry->number, SLOT_AREA) : NULL;
	return slot && address - slot->area.base < slot->area.len_bytes && !slot->area.is_complete;
}

/* The leaves that are there already say nothing of their own: nothing new may be executed. */
bool kernel_leaf_is_right(pte_t pte, uint64_t address, unsigned level)
{
	enum policy_view view = policy_view_of(address);
	pfn_t frame = pte_frame(pte);
	bool is_writable = pte_is_writable(pte) && !gate_pte_is_guarded(pte);
	bool may_run = view == VIEW_DIRECT_MAP && options.physmap == physmap_rwx;

	if (pte_is_user(pte) ||
	    pte.value & (PTE_GLOBAL | (PTE_ADDRESS_MASK & ~FRAME_NUMBER_BITS)) ||
	    (pte_is_executable(pte) && cpu_features.nx && !may_run)) {
		return false;
	}
	return view == VIEW_DIRECT_MAP
		       ? direct_map_frame((va_t){ address }).pfn == frame.pfn &&
				 states_allow(frame, level, view, is_writable)
		       : level == 1 && is_of_this_place(frame, address, view, is_writable) &&
				 states_allow(frame, level, view, is_writable);
}

/* May the page there go? Those of descriptors stay for good, and those of pools that the entry area
 * has, too; where others were nothing comes. */
static bool may_go(const struct place *place, pte_t old)
{
	return policy_view_of(place->address) != VIEW_POOLS ||
	       (place->address >= POOL_AREAS_START &&
		!(frame_entry(pte_frame(old))->flags & FRAME_PLACED));
}

/* What the kernel maps beside the direct map: one page at one place, and its owner's meanwhile. */
static bool is_noted(const struct place *place, pte_t pte)
{
	return pte_is_present(pte) && policy_view_of(place->address) != VIEW_DIRECT_MAP &&
	       frame_notes_mapped(frame_entry(pte_frame(pte)));
}

/* Before it is mapped, if it is nowhere yet. What was sealed is mapped no more when it went. */
static bool note(pfn_t frame)
{
	union frame_word from = { .frame = *frame_entry(frame) }, to;

	do {
		to = from;
		to.frame.flags |= FRAME_MAPPED;
		if (!frame_notes_mapped(&from.frame) ||
		    from.frame.flags & (FRAME_MAPPED | FRAME_SEALED)) {
			return false;
		}
	} while (!__atomic_compare_exchange_n((uint64_t *)gate_frame(frame), &from.word, to.word,
					      false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return true;
}

void kernel_leaf_went(const struct place *place, pte_t old, pte_t new)
{
	if (pte_is_writable(old) && !(pte_is_present(new) && pte_is_writable(new)) &&
	    policy_view_of(place->address) == VIEW_POOLS) {
		gate_pools_changed();
	}
	if (is_noted(place, old) && !pte_is_present(new)) {
		__atomic_fetch_and(&gate_frame(pte_frame(old))->flags, (uint8_t)~FRAME_MAPPED,
				   __ATOMIC_RELEASE);
	}
}

uint64_t kernel_leaf_change(const struct place *place, pte_t old, pte_t new)
{
	bool is_same = pte_is_present(old) && pte_frame(old).pfn == pte_frame(new).pfn;

	/* what is only less than before is allowed everywhere */
	if (pte_is_present(old) && new.value == pte_without(old, PTE_WRITABLE).value) {
		return GATE_DONE;
	}
	if (place->is_frozen) {
		return GATE_NO_TABLE;
	}
	if (!pte_is_present(new)) {
		/* of a page that goes the complement says which it was: pool_area.c */
		return !pte_is_present(old) || may_go(place, old) ? GATE_DONE : GATE_NOT_FOR_IT;
	}
	if ((old.value && !is_same) || !kernel_leaf_is_right(new, place->address, place->level)) {
		return GATE_NOT_FOR_IT;
	}
	return is_same || policy_view_of(place->address) == VIEW_DIRECT_MAP || note(pte_frame(new))
		       ? GATE_DONE
		       : GATE_IN_USE;
}
