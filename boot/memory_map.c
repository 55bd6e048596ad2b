/* The set of usable memory: a sorted array of disjoint ranges. */
#include "memory_map.h"

#include "lib/string.h"

/* Frame numbers have 32 bits, and the last one means "none". */
#define MEMORY_END ((uint64_t)UINT32_MAX << PAGE_SHIFT)

static void delete_at(struct boot_info *info, unsigned index)
{
	info->nr_usable--;
	memmove(&info->usable[index], &info->usable[index + 1],
		(info->nr_usable - index) * sizeof(info->usable[0]));
}

static void insert_at(struct boot_info *info, unsigned index, uint64_t start, uint64_t end)
{
	if (info->nr_usable == MEMORY_RANGES_MAX) {
		info->nr_ranges_refused++;
		return;
	}
	memmove(&info->usable[index + 1], &info->usable[index],
		(info->nr_usable - index) * sizeof(info->usable[0]));
	info->usable[index] = (struct memory_range){ { start }, { end } };
	info->nr_usable++;
}

void memory_map_add(struct boot_info *info, uint64_t start, uint64_t len_bytes)
{
	uint64_t end;
	unsigned index = 0;

	if (__builtin_add_overflow(start, len_bytes, &end) || start >= MEMORY_END) {
		info->nr_ranges_refused++;
		return;
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
	insert_at(info, index, start, end);
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
			insert_at(info, index++, range.start.pa, start);
		}
		if (range.end.pa > end) {
			insert_at(info, index++, end, range.end.pa);
		}
	}
}
