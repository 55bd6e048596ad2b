/* What kernel/mm/frame/boot_alloc.c hands out while booting: frames from the lowest up, all zero.
 */
#include "mm/frame/boot_alloc.h"

#include "mm/machine.h"

uint32_t machine_nr_early = MACHINE_RESERVED;

uint32_t machine_first_free(void) { return machine_nr_early; }

static pte_t *boot_entry(pfn_t root, uint64_t address, unsigned to_level)
{
	pte_t *entry = (pte_t *)machine_ram(root) + level_index(address, LEVEL_MAX);

	for (unsigned level = LEVEL_MAX; level > to_level; level--) {
		if (!pte_is_present(*entry)) {
			*entry =
				pte_make((pfn_t){ machine_nr_early++ }, PTE_PRESENT | PTE_WRITABLE);
		}
		entry = (pte_t *)machine_ram(pte_frame(*entry)) + level_index(address, level - 1);
	}
	return entry;
}

/* nr: all tables are zero. */
pte_t *boot_map_entry(pfn_t root, uint64_t address, uint32_t nr)
{
	(void)nr;
	return boot_entry(root, address, 1);
}

pte_t *boot_map_large_entry(pfn_t root, uint64_t address) { return boot_entry(root, address, 2); }

pfn_t boot_alloc_tables_of(uint32_t nr, uint32_t *got)
{
	*got = nr;
	machine_nr_early += nr;
	return (pfn_t){ machine_nr_early - nr };
}
