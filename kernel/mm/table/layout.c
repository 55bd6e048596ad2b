/* Draws where the direct map, kernel space and pools lie. */
#include "mm/table/layout.h"

#include "arch/x86_64/cpu/random.h"
#include "core/kaslr.h"
#include "core/options.h"

/* What one page table maps: moved by less, the regions would need more tables. */
#define LAYOUT_STEP (2ul << 20)

#define FIXED(view, base, bytes, text)
#define DRAWN(view, base, bytes, lowest, end, text) +1
enum {
	NR_DRAWN = 0
#include "mm/table/layout.def"
};
#undef DRAWN

void layout_draw(void)
{
	uint64_t random[NR_DRAWN], *next = random;

	if (options.kaslr == kaslr_off) {
		return;
	}
	random_fill(random, sizeof(random));
#define DRAWN(view, base, bytes, lowest, end, text)                                                \
	base = kaslr_pick(*next++, lowest, end - bytes, LAYOUT_STEP);
#include "mm/table/layout.def"
}
