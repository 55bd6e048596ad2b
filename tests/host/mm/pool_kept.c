/* What pools keep though none is left: pages of descriptors, and page tables. */
#include "mm/machine.h"
#include "mm/pool_model.h"

#include "mm/pool/pmalloc.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

/* Present entries of levels 4 to 3 stand for a table each. */
static uint64_t count_tables(pfn_t table, unsigned level, uint64_t address)
{
	uint64_t nr = 0;

	for (unsigned i = 0; i < PTES_PER_TABLE && level > 2; i++) {
		pte_t pte = ((pte_t *)machine_ram(table))[i];
		uint64_t at = address | (uint64_t)i << level_shift(level);

		if (pte_is_present(pte) &&
		    (level < LEVEL_MAX || i == level_index(pool_base, LEVEL_MAX))) {
			nr += 1 + count_tables(pte_frame(pte), level - 1, at);
		}
	}
	return nr;
}

uint64_t model_nr_kept(void)
{
	struct pool_stats stats;

	pool_stats_read(&stats);
	return stats.nr_meta_pages + count_tables(kernel_root, LEVEL_MAX, 0);
}
