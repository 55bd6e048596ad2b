/* Builds and edits the direct map. */
#include "mm/direct_map.h"

#include "core/cpu.h"
#include "core/options.h"
#include "lib/assert.h"
#include "mm/early.h"
#include "mm/frame.h"
#include "mm/ptable.h"

RO_AFTER_INIT uint64_t direct_map_base = DIRECT_MAP_LOWEST;

static uint64_t entry_flags(void)
{
	return PTE_PRESENT | PTE_WRITABLE | (options.physmap == physmap_rwx ? 0 : ptable_nx());
}

static uint64_t address_of(pfn_t frame) { return direct_map_base + pfn_to_pa(frame).pa; }

pfn_t direct_map_frame(va_t address)
{
	uint64_t offset = address.va - direct_map_base;

	return offset < DIRECT_MAP_MAX_SIZE ? pa_to_pfn((pa_t){ offset }) : PFN_NONE;
}

pte_t *direct_map_entry(pfn_t frame) { return ptable_entry(kernel_root, address_of(frame), 1); }

bool direct_map_has(pfn_t frame)
{
	return pte_is_present(ptable_lookup(kernel_root, address_of(frame), NULL));
}

void direct_map_reveal(pfn_t first, unsigned order)
{
	for (uint32_t i = 0; i < 1u << order; i++) {
		pte_t *entry = direct_map_entry(pfn_add(first, i));

		assert(!pte_is_present(pte_read(entry)));
		pte_write(entry, pte_make(pfn_add(first, i), entry_flags()));
	}
	COUNT_N(reveals, 1u << order);
}

void direct_map_hide(pfn_t first, unsigned order)
{
	for (uint32_t i = 0; i < 1u << order; i++) {
		pte_t *entry = direct_map_entry(pfn_add(first, i));

		assert(pte_is_present(pte_read(entry)));
		pte_write(entry, PTE_NONE);
	}
	COUNT_N(hides, 1u << order);
}

void direct_map_protect(pfn_t frame)
{
	pte_t *entry = direct_map_entry(frame);

	pte_write(entry, pte_without(pte_read(entry), PTE_WRITABLE));
}

void direct_map_unprotect(pfn_t frame)
{
	pte_write(direct_map_entry(frame), pte_make(frame, entry_flags()));
}

void direct_map_build(pfn_t root, pfn_t start, pfn_t end)
{
	for (pfn_t frame = start; frame.pfn < end.pfn;) {
		uint64_t address = address_of(frame);
		uint32_t nr_to_table_end = PTES_PER_TABLE - level_index(address, 1);
		uint32_t nr = MIN(end.pfn - frame.pfn, nr_to_table_end);

		early_fill(early_entry(root, address, nr), nr, pte_make(frame, entry_flags()));
		frame = pfn_add(frame, nr);
	}
}
