/* Weighs each piece of memory against the tables that it takes. */
#include "mm/table/ram.h"

#include "lib/string.h"
#include "mm/sanitizer/marks.h"
#include "mm/table/layout.h"

#define LOW_MEMORY_END 0x100000ul

/* Pages of frame table and links, page tables of the direct map, and marks, per block. */
enum { PAGES_PER_BLOCK = 2 + 2 + 2 + (KASAN ? RAM_BLOCK_FRAMES / MARK_BYTES + 1 : 0) };

/*
 * What else a run of blocks may take, as the power of two of frames that one page of it serves:
 * directories of the direct map; page tables and directories of the frame table, and of the links;
 * pages, page tables and directories of the histories, and of their pids; pages and page tables of
 * the counts per range.
 */
static const uint8_t shares[] = { 18, 27, 18, 27, 18, 27, 11, 20, 29, 12, 21, 30, 20, 29 };

static void add(struct ram *ram, const struct memory_range *range, uint64_t limit)
{
	uint64_t start = MAX(range->start.pa, LOW_MEMORY_END), end = MIN(range->end.pa, limit);

	if (range->end.pa > limit) {
		ram->nr_frames_too_high += (range->end.pa - MAX(start, limit)) >> PAGE_SHIFT;
	}
	if (start < end) {
		ram->ranges[ram->nr++] = (struct ram_range){ pa_to_pfn((pa_t){ start }).pfn,
							     pa_to_pfn((pa_t){ end }).pfn };
	}
}

bool ram_next_run(const struct ram *ram, unsigned *at, struct ram_range *out)
{
	if (*at == ram->nr) {
		return false;
	}
	out->start = (uint32_t)align_down(ram->ranges[*at].start, RAM_BLOCK_FRAMES);
	do {
		out->end = (uint32_t)align_up(ram->ranges[(*at)++].end, RAM_BLOCK_FRAMES);
	} while (*at < ram->nr && ram->ranges[*at].start < out->end);
	return true;
}

bool ram_has(const struct ram *ram, pa_t start, pa_t end)
{
	for (unsigned i = 0; i < ram->nr; i++) {
		if (pfn_to_pa((pfn_t){ ram->ranges[i].start }).pa <= start.pa &&
		    end.pa <= pfn_to_pa((pfn_t){ ram->ranges[i].end }).pa) {
			return true;
		}
	}
	return false;
}

/* Pages that a run takes, beside those that runs up to `before` have taken anyway. */
static uint64_t cost(const struct ram_range *run, uint32_t before)
{
	uint64_t nr = (uint64_t)(run->end - run->start) / RAM_BLOCK_FRAMES * PAGES_PER_BLOCK;

	for (unsigned i = 0; i < ARRAY_SIZE(shares); i++) {
		uint32_t first = run->start >> shares[i], last = (run->end - 1) >> shares[i];

		nr += last - first + 1;
		nr -= before && (before - 1) >> shares[i] == first;
	}
	return nr;
}

static bool touches(const struct ram_range *run, uint64_t start, uint64_t end)
{
	return start < (uint64_t)run->end << PAGE_SHIFT && end > (uint64_t)run->start << PAGE_SHIFT;
}

static bool is_needed(const struct ram_range *run, const struct boot_info *info)
{
	bool is = touches(run, LOAD_BASE, LOAD_BASE + (uint64_t)(image_end - image_start));

	for (unsigned i = 0; i < info->nr_modules; i++) {
		is |= touches(run, info->modules[i].start.pa, info->modules[i].end.pa);
	}
	return is;
}

static void leave_out(struct ram *ram, unsigned first, unsigned end, uint64_t nr_frames)
{
	if (!ram->nr_dear) {
		ram->dear.start = ram->ranges[first].start;
	}
	ram->dear.end = ram->ranges[end - 1].end;
	ram->nr_dear += end - first;
	ram->nr_frames_dear += nr_frames;
}

/* Keeps those runs of blocks that bring more than they cost. */
static void weigh(struct ram *ram, const struct boot_info *info)
{
	unsigned at = 0, first = 0, nr_kept = 0;
	struct ram_range run;
	uint32_t before = 0;

	while (ram_next_run(ram, &at, &run)) {
		uint64_t nr_frames = 0;

		for (unsigned i = first; i < at; i++) {
			nr_frames += ram->ranges[i].end - ram->ranges[i].start;
		}
		if (nr_frames > cost(&run, before) || is_needed(&run, info)) {
			memmove(&ram->ranges[nr_kept], &ram->ranges[first],
				(at - first) * sizeof(ram->ranges[0]));
			nr_kept += at - first;
			before = run.end;
		} else {
			leave_out(ram, first, at, nr_frames);
		}
		first = at;
	}
	ram->nr = nr_kept;
}

void ram_choose(struct ram *out, const struct boot_info *info, unsigned phys_bits)
{
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < info->nr_usable; i++) {
		add(out, &info->usable[i], 1ul << phys_bits);
	}
	weigh(out, info);
}
