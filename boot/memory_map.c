/* The set of usable memory: a sorted array of disjoint ranges. */
#include "memory_map.h"

#include "lib/string.h"

#define MEMORY_END (PFN_MAX << PAGE_SHIFT)

static void delete_at(struct boot_info *info, unsigned index)
{
	info->nr_usable--;
	memmove(&info->usable[index], &info->usable[index + 1],
		(info->nr_usable - index) * sizeof(info->usable[0]));
}

static uint64_t length(const struct memory_range *range) { return range->end.pa - range->start.pa; }

static unsigned smallest(const struct boot_info *info)
{
	unsigned found = 0;

	for (unsigned i = 1; i < info->nr_usable; i++) {
		if (length(&info->usable[i]) < length(&info->usable[found])) {
			found = i;
		}
	}
	return found;
}

static void leave_out(struct boot_info *info, const struct memory_range *range)
{
	info->nr_ranges_left_out++;
	info->left_out_bytes += length(range);
}

/*
 * Inserts in front of usable[index]; returns the index behind it. Where the array is full, the
 * smallest range is left out, which may be the new one.
 */
static unsigned insert_at(struct boot_info *info, unsigned index, uint64_t start, uint64_t end)
{
	struct memory_range range = { { start }, { end } };

	if (info->nr_usable == MEMORY_RANGES_MAX) {
		unsigned least = smallest(info);

		if (length(&range) <= length(&info->usable[least])) {
			leave_out(info, &range);
			return index;
		}
		leave_out(info, &info->usable[least]);
		delete_at(info, least);
		index -= least < index;
	}
	memmove(&info->usable[index + 1], &info->usable[index],
		(info->nr_usable - index) * sizeof(info->usable[0]));
	info->usable[index] = range;
	info->nr_usable++;
	return index + 1;
}

void memory_map_add(struct boot_info *info, uint64_t start, uint64_t len_bytes)
{
	uint64_t end;
	unsigned index = 0;

	if (__builtin_add_overflow(start, len_bytes, &end)) {
		info->nr_ranges_refused++;
		return;
	}
	if (end > MEMORY_END) {
		info->nr_ranges_refused++;
		info->too_high_bytes += end - MAX(start, MEMORY_END);
	}
	start = align_up(start, PAGE_SIZE);
	end = align_down(MIN(end, MEMORY_END), PAGE_SIZE);
	if (start >= end) {
		return;
	}
	while (index < info->nr_usable && info->usable[index].end.pa < start) {
		index++;
	}
	/* Everything from here on that touches the new range becomes part of it. */
	while (index < info->nr_usable && info->usable[index].start.pa <= end) {
		start = MIN(start, info->usable[index].start.pa);
		end = MAX(end, info->usable[index].end.pa);
		delete_at(info, index);
	}
	(void)insert_at(info, index, start, end);
}

void memory_map_remove(struct boot_info *info, uint64_t start, uint64_t len_bytes)
{
	uint64_t end;
	unsigned index = 0;

	if (len_bytes == 0) {
		return;
	}
	if (__builtin_add_overflow(start, len_bytes, &end) || end > MEMORY_END) {
		end = MEMORY_END;
	}
	start = align_down(start, PAGE_SIZE);
	end = align_up(end, PAGE_SIZE);
	while (index < info->nr_usable && info->usable[index].start.pa < end) {
		struct memory_range range = info->usable[index];

		if (range.end.pa <= start) {
			index++;
			continue;
		}
		delete_at(info, index);
		if (range.start.pa < start) {
			index = insert_at(info, index, range.start.pa, start);
		}
		if (range.end.pa > end) {
			index = insert_at(info, index, end, range.end.pa);
		}
	}
}
