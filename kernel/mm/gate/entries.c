/* In the gate: what may be written to page tables. */
#include "mm/gate/operations.h"

#include "arch/x86_64/features.h"
#include "mm/direct_map.h"
#include "mm/policy.h"
#include "mm/ptable.h"

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

/* A leaf of the user half shows a user's page, and is never writable and executable. */
static bool user_leaf_is_right(pte_t pte, unsigned level)
{
	pfn_t frame = pte_frame(pte);
	const struct frame *entry = frame_entry(frame);

	return user_leaf_has_rights(pte, level) && pfn_is_valid(frame) &&
	       entry->owner == OWNER_USER && !(entry->flags & (FRAME_TAIL | FRAME_FRESH)) &&
	       entry->order == (level == 2 ? HUGE_ORDER : 0);
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

/* A leaf of the kernel half: what policy.def has for the frame's state in this view. Nothing new
 * becomes executable. */
static bool kernel_leaf_is_right(pte_t pte, uint64_t address, unsigned level)
{
	enum policy_view view = policy_view_of(address);
	pfn_t frame = pte_frame(pte);
	bool is_writable = pte_is_writable(pte) && !gate_pte_is_guarded(pte);
	bool may_run = view == VIEW_DIRECT_MAP && options.physmap == physmap_rwx;

	if (pte_is_user(pte) || pte.value & PTE_GLOBAL ||
	    (pte_is_executable(pte) && cpu_features.nx && !may_run)) {
		return false;
	}
	if (view == VIEW_DIRECT_MAP && direct_map_frame((va_t){ address }).pfn != frame.pfn) {
		return false;
	}
	for (uint32_t i = 0; i < 1u << 9 * (level - 1); i++) {
		enum policy_state state = policy_state_of(pfn_add(frame, i));

		if (!rights_allow(policy_rights_in(state, view), is_writable)) {
			return false;
		}
	}
	return true;
}

/* Is it the table that was reserved for the large page of the direct map that begins here? All
 * others are linked by links.c. */
static bool is_reserved_for(const struct place *place, pfn_t child)
{
	const struct frame *table = frame_entry(child);

	return pfn_is_valid(child) && table->owner == OWNER_PTABLE && table_is_reserved(table) &&
	       !place->is_user && place->level == 2 &&
	       direct_map_address((pfn_t){ table->number }) == place->address;
}

static bool is_link(pte_t pte, unsigned level)
{
	return level > 1 && pte_is_present(pte) && !pte_is_leaf(pte, level);
}

static bool leaf_is_right(const struct place *place, pte_t pte)
{
	if (place->is_user) {
		return pte_holds_frame(pte) && user_leaf_is_right(pte, place->level);
	}
	/* of a page that goes the complement says which it was: pool_area.c */
	return !pte_is_present(pte) || kernel_leaf_is_right(pte, place->address, place->level);
}

/*
 * Of a user leaf the frame stays the same: frames come and go by operations of pages.c, share.c and
 * move.c. While others may name it, it says so.
 */
static bool user_leaf_may_become(pte_t old, pte_t new)
{
	uint64_t lost = old.value & ~new.value &(PTE_COPY | PTE_SHARED);

	return pte_holds_frame(old) && pte_frame(old).pfn == pte_frame(new).pfn &&
	       (!lost || frame_entry(pte_frame(old))->refs == 1);
}

static bool leaf_may_become(const struct place *place, pte_t old, pte_t new)
{
	if (place->is_user && !user_leaf_may_become(old, new)) {
		return false;
	}
	return !new.value || leaf_is_right(place, new);
}

static void mapped_note(pfn_t frame, bool is_mapped)
{
	struct frame *entry = gate_frame(frame);

	if (!pfn_is_valid(frame) || !frame_notes_mapped(frame_entry(frame))) {
		return;
	}
	if (is_mapped) {
		__atomic_fetch_or(&entry->flags, FRAME_MAPPED, __ATOMIC_RELEASE);
	} else {
		__atomic_fetch_and(&entry->flags, (uint8_t)~FRAME_MAPPED, __ATOMIC_RELEASE);
	}
}

/* What the kernel maps beside the direct map: one page at one place, and its owner's meanwhile. */
static void leaf_note(const struct place *place, pte_t old, pte_t new)
{
	if (place->is_user || policy_view_of(place->address) == VIEW_DIRECT_MAP) {
		return;
	}
	if (pte_is_present(old)) {
		mapped_note(pte_frame(old), false);
	}
	if (pte_is_present(new)) {
		mapped_note(pte_frame(new), true);
	}
}

/* A table gets its one parent, or leaves it; the latter when it is empty. */
static bool link_change(pfn_t table, bool is_linked)
{
	struct frame *frame = gate_frame(table);
	uint8_t before = frame->flags;

	if (!!(before & TABLE_LINKED) == is_linked ||
	    (!is_linked && frame->nr_used && !table_is_reserved(frame))) {
		return false;
	}
	return __atomic_compare_exchange_n(&frame->flags, &before, (uint8_t)(before ^ TABLE_LINKED),
					   false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/*
 * Who may change a user half: whoever makes the address space, who has it loaded, and who takes it
 * apart, to whom nothing comes.
 */
static bool is_ours(const struct place *place, pte_t new)
{
	return (place_root_state(place) == ROOT_DYING && !new.value) || place_is_ours(place);
}

/* The new value, held against what is there; the tables on either side know of each other. */
static uint64_t change(const struct place *place, pte_t old, pte_t new)
{
	bool links = is_link(new, place->level), linked = is_link(old, place->level);
	pfn_t child = pte_frame(new);

	if (new.value == old.value ||
	    (!place->is_user && new.value == pte_without(old, PTE_WRITABLE).value)) {
		return GATE_DONE;
	}
	if (place->is_frozen) {
		return GATE_NO_TABLE;
	}
	if (links && linked && pte_frame(old).pfn == child.pfn) {
		return GATE_DONE; /* mitigate: the bits beside it */
	}
	if (place->is_user && !is_ours(place, new)) {
		return GATE_NOT_OURS;
	}
	if (links ? !is_reserved_for(place, child) : !linked && !leaf_may_become(place, old, new)) {
		return GATE_NOT_FOR_IT;
	}
	if (!links && !linked) {
		leaf_note(place, old, new);
	}
	if (links && (linked || !link_change(child, true))) {
		return GATE_IN_USE;
	}
	return linked && !link_change(pte_frame(old), false) ? GATE_IN_USE : GATE_DONE;
}

static uint64_t fill(const struct place *at, pte_t *entries, uint64_t nr, pte_t pte)
{
	uint64_t step = 1ul << level_shift(MAX(at->level, 1u)), refusal = GATE_DONE;
	struct place place = *at;
	int nr_more = 0;

	for (uint64_t i = 0; i < nr && !refusal; i++, place.index++, place.address += step) {
		pte_t old = pte_read(&entries[place.index]);

		refusal = change(&place, old, pte);
		if (refusal) {
			break;
		}
		place_put(&place, entries, pte);
		nr_more += !!pte.value - !!old.value;
		pte.value += pte_is_present(pte) ? step : 0;
	}
	place_used_add(&place, nr_more);
	return refusal;
}

/* first entry, how many, the first one's value. */
uint64_t gate_entries_fill(uint64_t first, uint64_t nr, uint64_t value, uint64_t unused3)
{
	struct place place;
	uint64_t refusal = GATE_NO_TABLE;

	(void)unused3;
	if (!place_lock(first, &place)) {
		return GATE_NO_TABLE;
	}
	if (nr <= PTES_PER_TABLE - place.index) {
		refusal =
			fill(&place, gate_table_open(PLACE_ONE, place.table), nr, (pte_t){ value });
		gate_table_close(PLACE_ONE);
	}
	place_unlock(&place);
	return refusal;
}

/* entry, value. */
uint64_t gate_entry_set(uint64_t entry, uint64_t value, uint64_t unused2, uint64_t unused3)
{
	(void)unused2;
	(void)unused3;
	return gate_entries_fill(entry, 1, value, 0);
}
