/* Builds and edits the direct map. */
#include "mm/frame/direct_map.h"

#include "core/cpu.h"
#include "core/options.h"
#include "lib/assert.h"
#include "mm/frame/boot_alloc.h"
#include "mm/frame/direct_split.h"
#include "mm/frame/frame.h"
#include "mm/gate/gate.h"
#include "mm/table/ptable.h"

RO_AFTER_INIT uint64_t direct_map_base = DIRECT_MAP_LOWEST;

pte_t direct_map_pte(pfn_t frame)
{
	return pte_make(frame, PTE_PRESENT | PTE_WRITABLE |
				       (options.physmap == physmap_rwx ? 0 : ptable_nx()));
}

pfn_t direct_map_frame(va_t address)
{
	uint64_t offset = address.va - direct_map_base;

	return offset < DIRECT_MAP_MAX_SIZE ? pa_to_pfn((pa_t){ offset }) : PFN_NONE;
}

pte_t *direct_map_entry(pfn_t frame)
{
	return ptable_entry(kernel_root, direct_map_address(frame), 1);
}

bool direct_map_has(pfn_t frame)
{
	return pte_is_present(ptable_lookup(kernel_root, direct_map_address(frame), NULL));
}

/* Frames from here on, up to nr, in the same page table. */
static uint32_t run_length(pfn_t first, uint32_t nr)
{
	return MIN(nr, PTES_PER_TABLE - first.pfn % PTES_PER_TABLE);
}

/* Puts the entries of frames of one page table there, or takes them away. `pte`: the first one's.
 */
static void run_toggle(pfn_t first, uint32_t nr, pte_t pte)
{
	pfn_t table = direct_split_table(first);
	uint32_t nr_changed = nr;

	if (pfn_is_none(table)) {
		pte_t *entry = direct_map_entry(first);

		for (uint32_t i = 0; ASSERTIONS && i < nr; i++) {
			assert(pte_is_present(pte_read(&entry[i])) != pte_is_present(pte));
		}
		if (ASSERTIONS && !pte_is_present(pte)) {
			upcall_entry_stricter(&entry->value, false);
		}
		pte_fill(entry, nr, pte);
	} else {
		nr_changed = direct_split_write(table, first, nr, pte);
	}
	assert(nr_changed == nr);
}

void direct_map_reveal(pfn_t first, uint32_t nr)
{
	for (uint32_t done = 0, run; done < nr; done += run) {
		pfn_t start = pfn_add(first, done);

		run = run_length(start, nr - done);
		run_toggle(start, run, direct_map_pte(start));
	}
	COUNT_N(reveals, nr);
}

void direct_map_hide(pfn_t first, uint32_t nr)
{
	for (uint32_t done = 0, run; done < nr; done += run) {
		pfn_t start = pfn_add(first, done);

		run = run_length(start, nr - done);
		run_toggle(start, run, PTE_NONE);
	}
	COUNT_N(hides, nr);
}

static void entry_change(pfn_t frame, pte_t pte)
{
	pfn_t table = direct_split_table(frame);

	if (pfn_is_none(table)) {
		pte_write(direct_map_entry(frame), pte);
	} else {
		(void)direct_split_write(table, frame, 1, pte);
	}
}

void direct_map_protect(pfn_t frame)
{
	entry_change(frame, pte_without(direct_map_pte(frame), PTE_WRITABLE));
}

void direct_map_guard(pfn_t frame) { entry_change(frame, gate_guarded_pte(frame)); }

void direct_map_unprotect(pfn_t frame) { entry_change(frame, direct_map_pte(frame)); }

/* Does a large page begin here? */
static bool has_large(pfn_t frame, pfn_t end)
{
	return options.directmap == directmap_2m && is_aligned(frame.pfn, FRAMES_PER_HUGE) &&
	       end.pfn - frame.pfn >= FRAMES_PER_HUGE;
}

void direct_map_build(pfn_t root, pfn_t start, pfn_t end)
{
	for (pfn_t frame = start; frame.pfn < end.pfn;) {
		uint64_t address = direct_map_address(frame);
		uint32_t nr_to_table_end = PTES_PER_TABLE - level_index(address, 1);
		uint32_t nr = MIN(end.pfn - frame.pfn, nr_to_table_end);

		if (has_large(frame, end)) {
			*boot_map_large_entry(root, address) =
				pte_with(direct_map_pte(frame), PTE_HUGE);
		} else {
			boot_map_fill(boot_map_entry(root, address, nr), nr, direct_map_pte(frame));
		}
		frame = pfn_add(frame, nr);
	}
}
