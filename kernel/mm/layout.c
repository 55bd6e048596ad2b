/* Draws where the direct map, kernel space and pools lie. */
#include "mm/layout.h"

#include "arch/x86_64/random.h"
#include "core/kaslr.h"
#include "core/options.h"

/* What one page table maps: moved by less, the regions would need more tables. */
#define LAYOUT_STEP (2ul << 20)

void layout_draw(void)
{
	uint64_t random[3];

	if (options.kaslr == kaslr_off) {
		return;
	}
	random_fill(random, sizeof(random));
	direct_map_base = kaslr_pick(random[0], DIRECT_MAP_LOWEST,
				     KSPACE_LOWEST - DIRECT_MAP_MAX_SIZE, LAYOUT_STEP);
	kspace_base = kaslr_pick(random[1], KSPACE_LOWEST, WINDOW_BASE - KSPACE_SIZE, LAYOUT_STEP);
	pool_base = kaslr_pick(random[2], POOL_LOWEST, ENTRY_AREA_BASE - POOL_SIZE, LAYOUT_STEP);
}
