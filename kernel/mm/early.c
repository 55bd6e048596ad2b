/* The early bump allocator: downward from the end of the largest free range below 4 GiB. */
#include "mm/early.h"

#include "core/boot_info.h"
#include "core/panic.h"
#include "lib/string.h"
#include "mm/layout.h"

#define EARLY_LIMIT (1ul << 32) /* boot.asm's identity map ends here */
#define LOW_MEMORY_END 0x100000ul
#define EARLY_MIN_BYTES (4ul << 20)

static uint64_t next, limit; /* physical; handed out down to limit */
static struct early_run runs[EARLY_RUNS_MAX];
static unsigned nr_runs;

/* Shrinks [*start, *end) to its larger part outside [from, to). */
static void keep_clear(uint64_t *start, uint64_t *end, uint64_t from, uint64_t to)
{
	if (to <= *start || from >= *end) {
		return;
	}
	if (from - MIN(*start, from) >= *end - MIN(to, *end)) {
		*end = from;
	} else {
		*start = to;
	}
}

void early_init(const struct boot_info *info)
{
	for (unsigned i = 0; i < info->nr_usable; i++) {
		uint64_t start = MAX(info->usable[i].start.pa, LOW_MEMORY_END);
		uint64_t end = MIN(info->usable[i].end.pa, EARLY_LIMIT);

		if (start >= end) {
			continue;
		}
		keep_clear(&start, &end, LOW_MEMORY_END,
			   LOW_MEMORY_END + (uint64_t)(image_end - image_start));
		for (unsigned m = 0; m < info->nr_modules; m++) {
			keep_clear(&start, &end, align_down(info->modules[m].start.pa, PAGE_SIZE),
				   align_up(info->modules[m].end.pa, PAGE_SIZE));
		}
		if (start < end && end - start > next - limit) {
			limit = start;
			next = end;
		}
	}
	if (next - limit < EARLY_MIN_BYTES) {
		panic("no 4 MiB of free memory in one piece below 4 GiB");
	}
}

pfn_t early_alloc(enum owner owner, uint64_t nr)
{
	struct early_run *last = nr_runs ? &runs[nr_runs - 1] : NULL;
	pfn_t first;

	if (nr > (next - limit) >> PAGE_SHIFT) {
		panic("out of memory while booting: %lu frames wanted", nr);
	}
	next -= nr << PAGE_SHIFT;
	first = pa_to_pfn((pa_t){ next });
	memset((void *)next, 0, nr << PAGE_SHIFT);
	if (last && last->owner == owner && last->first.pfn == first.pfn + nr) {
		last->first = first;
		last->nr += nr;
	} else if (nr_runs < EARLY_RUNS_MAX) {
		runs[nr_runs++] = (struct early_run){ first, (uint32_t)nr, owner };
	} else {
		panic("early memory handed out in more than %d runs", EARLY_RUNS_MAX);
	}
	return first;
}

pte_t *early_entry(pfn_t root, uint64_t address)
{
	pte_t *entry = (pte_t *)pfn_to_pa(root).pa + level_index(address, LEVEL_MAX);

	for (unsigned level = LEVEL_MAX; level > 1; level--) {
		if (!pte_is_present(*entry)) {
			*entry = pte_make(early_alloc(OWNER_PTABLE, 1), PTE_PRESENT | PTE_WRITABLE);
		}
		entry = (pte_t *)pfn_to_pa(pte_frame(*entry)).pa + level_index(address, level - 1);
	}
	return entry;
}

unsigned early_finish(const struct early_run **out)
{
	*out = runs;
	limit = next; /* any later call panics */
	return nr_runs;
}
