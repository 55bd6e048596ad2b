/*
 * While protection begins: what the gate alone writes from then on. The guarded area first, by one
 * entry above, or by keys; then page tables, in the direct map.
 */
#include "core/cpu.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/kspace.h"
#include "mm/frame/window.h"
#include "mm/gate/begin.h"
#include "mm/gate/operations.h"
#include "mm/gate/without.h"
#include "mm/table/entry_area.h"
#include "mm/table/ptable.h"

/* The window roots' own entries for the guarded area, which may write. */
static void window_add_guarded(pfn_t window_root)
{
	pfn_t table = pointer_to_pfn(ptable_entry(window_root, WINDOW_BASE, 3));
	unsigned nr = frame_entry(table)->nr_used;

	for (uint64_t at = 0; at < GUARDED_SIZE; at += GUARDED_STEP) {
		const pte_t *entry = ptable_entry(kernel_root, guarded_base() + at, 3);

		if (entry && pte_is_present(*entry)) {
			pte_store(ptable_entry(window_root, WINDOW_GUARDED + at, 3), *entry);
			nr++;
		}
	}
	frame_held_set(table, nr);
}

/* How much of the area others than the gate must not write. */
static uint64_t guarded_size(void)
{
	return GATE_WITHOUT_RACE ? GUARDED_FRAMES_SIZE : GUARDED_SIZE;
}

/* By one bit above, in all roots but the windows'. Nothing writes to the area after this. */
static void guard_by_entry(void)
{
	for (unsigned id = 0; id < nr_cpus && options.ptprot == ptprot_window; id++) {
		window_add_guarded(cpus[id]->window_root);
	}
	for (uint64_t at = 0; at < guarded_size(); at += GUARDED_STEP) {
		pte_t *entry = ptable_entry(kernel_root, guarded_base() + at, 3);

		if (entry && pte_is_present(*entry)) {
			*entry = pte_without(*entry, PTE_WRITABLE);
		}
	}
}

/* What is mapped in so much of the guarded area, by its entries. */
static void guarded_visit(uint64_t size, void (*visit)(pte_t *entry))
{
	for (uint64_t at = 0; at < size; at += HUGE_SIZE) {
		pte_t *entry = ptable_entry(kernel_root, guarded_base() + at, 1);

		for (unsigned i = 0; entry && i < PTES_PER_TABLE; i++) {
			if (pte_is_present(entry[i])) {
				visit(&entry[i]);
			}
		}
		if (!ptable_entry(kernel_root, guarded_base() + at, 2)) {
			at += GUARDED_STEP - HUGE_SIZE;
		}
	}
}

static void entry_guard(pte_t *entry) { *entry = pte_with(*entry, PTE_KEY); }

/* Frames in a row that are about to lose their alias. */
static RO_AFTER_INIT struct {
	pfn_t first;
	uint32_t nr;
} unaliased;

static void unaliased_hide(void)
{
	if (unaliased.nr) {
		frames_seal_alone(unaliased.first, unaliased.nr);
	}
	unaliased.nr = 0;
}

static void entry_hide(pte_t *entry)
{
	pfn_t frame = pte_frame(*entry);

	if (frame.pfn != unaliased.first.pfn + unaliased.nr) {
		unaliased_hide();
		unaliased.first = frame;
	}
	unaliased.nr++;
}

void guarded_hide(void)
{
	guarded_visit(GUARDED_SIZE, entry_hide);
	unaliased_hide();
}

static bool is_guarded(pfn_t table)
{
	pte_t pte = ptable_lookup(kernel_root, direct_map_address(table), NULL);

	return gate_pte_is_guarded(pte) || !pte_is_writable(pte);
}

void guarded_close(void)
{
	if (options.ptprot == ptprot_pks) {
		guarded_visit(guarded_size(), entry_guard);
	} else {
		guard_by_entry();
	}
}

/* Returns how many of them there are that were not yet. */
static uint64_t guard_below(pfn_t table, unsigned level, unsigned first)
{
	const pte_t *entries = direct_map_pointer(table);
	uint64_t nr = 1;

	if (is_guarded(table)) {
		return 0;
	}
	direct_map_guard(table);
	for (unsigned i = first; level > 1 && i < PTES_PER_TABLE; i++) {
		if (pte_is_present(entries[i]) && !pte_is_leaf(entries[i], level)) {
			nr += guard_below(pte_frame(entries[i]), level - 1, 0);
		}
	}
	return nr;
}

/* All that roots lead to; where there are others, frame by frame: that takes long. */
void guard_tables(void)
{
	enum { KERNEL_HALF_FIRST = PTES_PER_TABLE / 2 };
	pfn_t shadow = entry_area_root(ENTRY_SHADOW_ROOTS);
	uint64_t nr = guard_below(kernel_root, LEVEL_MAX, KERNEL_HALF_FIRST) +
		      guard_below(shadow, LEVEL_MAX, KERNEL_HALF_FIRST);

	for (unsigned id = 0; id < nr_cpus; id++) {
		nr += guard_below(cpus[id]->window_root, LEVEL_MAX, KERNEL_HALF_FIRST);
	}
	for (uint32_t i = 0; nr < frame_pool.nr_owned[OWNER_PTABLE] && i < nr_frames; i++) {
		pfn_t frame = { frame_known(i) };

		i = frame.pfn;
		if (i < nr_frames && frames[i].owner == OWNER_PTABLE && !is_guarded(frame)) {
			direct_map_guard(frame);
			nr++;
		}
	}
}
