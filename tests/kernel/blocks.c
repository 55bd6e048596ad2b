/*
 * What host tests replace by the host's own: memcpy, memmove and memset for every length up to 64,
 * alignment and overlap; and the private window, whose bytes are looked at through the direct map.
 */
#include "ktest.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/window.h"

enum { LEN_MAX = 64, ROOM = 24, BYTES = LEN_MAX + 2 * ROOM, WORDS = BYTES / 8, ALIGNMENTS = 8 };

union block {
	uint64_t words[WORDS];
	uint8_t bytes[BYTES];
};

static void fill(union block *block, uint8_t seed)
{
	uint64_t word = 0x0102030405060708ul * seed;

	for (unsigned i = 0; i < WORDS; i++) {
		block->words[i] = word ^ (i * 0x9e3779b97f4a7c15ul);
	}
}

static bool is_same(const union block *one, const union block *other)
{
	uint64_t difference = 0;

	for (unsigned i = 0; i < WORDS; i++) {
		difference |= one->words[i] ^ other->words[i];
	}
	return !difference;
}

static bool copy_is_right(unsigned to, unsigned from, unsigned len)
{
	union block source, got, wanted;

	fill(&source, 3);
	fill(&got, 5);
	wanted = got;
	for (unsigned i = 0; i < len; i++) {
		wanted.bytes[to + i] = source.bytes[from + i];
	}
	return memcpy(got.bytes + to, source.bytes + from, len) == got.bytes + to &&
	       is_same(&got, &wanted);
}

/* Within one block. */
static bool move_is_right(unsigned to, unsigned from, unsigned len)
{
	union block before, got, wanted;

	fill(&before, 7);
	got = wanted = before;
	for (unsigned i = 0; i < len; i++) {
		wanted.bytes[to + i] = before.bytes[from + i];
	}
	return memmove(got.bytes + to, got.bytes + from, len) == got.bytes + to &&
	       is_same(&got, &wanted);
}

static bool set_is_right(unsigned to, int byte, unsigned len)
{
	union block got, wanted;

	fill(&got, 9);
	wanted = got;
	for (unsigned i = 0; i < len; i++) {
		wanted.bytes[to + i] = (uint8_t)byte;
	}
	return memset(got.bytes + to, byte, len) == got.bytes + to && is_same(&got, &wanted);
}

static void check_blocks(void)
{
	bool copied = true, moved = true, set = true;

	for (unsigned len = 0; len <= LEN_MAX; len++) {
		for (unsigned at = 0; at < ALIGNMENTS; at++) {
			copied = copy_is_right(at, (at + len) % ALIGNMENTS, len) && copied;
			copied = copy_is_right((at + len) % ALIGNMENTS, at, len) && copied;
			set = set_is_right(at, at & 1 ? 0x1a5 : 0, len) && set;
		}
		for (unsigned distance = 0; distance <= ROOM; distance++) {
			unsigned at = (len + distance) % ALIGNMENTS;

			moved = move_is_right(at, at + distance, len) && moved;
			moved = move_is_right(at + distance, at, len) && moved;
		}
	}
	ktest_ok(copied, "memcpy copies every length at every alignment, and no more");
	ktest_ok(set, "memset sets every length at every alignment, and no more");
	ktest_ok(moved, "memmove moves every length by every distance, up and down");
}

static bool is_all(const uint8_t *bytes, uint8_t value, unsigned nr)
{
	while (nr && bytes[nr - 1] == value) {
		nr--;
	}
	return !nr;
}

/* Across the end of the first of two frames. */
static void check_window_bytes(const pfn_t *pair, uint8_t *seen)
{
	enum { AT = PAGE_SIZE - 5 };
	static const char text[] = "0123456789";

	memset(seen, '.', 2 * PAGE_SIZE);
	window_write(pair, 2, AT, text, 10);
	ktest_ok(!memcmp(seen + AT - 1, ".0123456789.", 12), "window_write writes so many bytes");
	window_set(pair, 2, AT, 'x', 10);
	ktest_ok(!memcmp(seen + AT - 1, ".xxxxxxxxxx.", 12), "window_set sets so many");
	for (unsigned size = 1; size <= 8; size *= 2) {
		window_store(pair[0], 64 + size, 0x3837363534333231ul, size);
		ktest_ok(!memcmp(seen + 64 + size, text + 1, size) && seen[64 + 2 * size] == '.' &&
				 seen[63 + size] == '.',
			 "window_store stores %u bytes", size);
		memset(seen + 64, '.', 32);
	}
}

static void check_window_pages(pfn_t first, uint8_t *seen)
{
	pfn_t pages[4] = { first, pfn_add(first, 1), pfn_add(first, 2), pfn_add(first, 3) };

	memset(seen, 'a', PAGE_SIZE);
	memset(seen + PAGE_SIZE, 'b', PAGE_SIZE);
	memset(seen + 2 * PAGE_SIZE, 'c', 2 * PAGE_SIZE);
	window_copy(pages[2], first, 1);
	ktest_ok(is_all(seen + 2 * PAGE_SIZE, 'a', PAGE_SIZE) &&
			 is_all(seen + 3 * PAGE_SIZE, 'b', PAGE_SIZE),
		 "window_copy copies all of the frames");
	window_zero(&pages[1], 1);
	ktest_ok(is_all(seen, 'a', PAGE_SIZE) && is_all(seen + PAGE_SIZE, 0, PAGE_SIZE) &&
			 is_all(seen + 2 * PAGE_SIZE, 'a', PAGE_SIZE),
		 "window_zero zeroes all of a frame, and no other");
	ktest_ok(window_find_nonzero(&pages[1], 1) == 1, "a zeroed frame is found to be zero");
	seen[2 * PAGE_SIZE - 1] = 1;
	ktest_ok(window_find_nonzero(&pages[1], 1) == 0, "its last byte counts");
	window_zero_range(first, 4);
	ktest_ok(is_all(seen, 0, 4 * PAGE_SIZE) && window_find_nonzero(pages, 4) == 4,
		 "window_zero_range zeroes all of them");
}

KTEST_SUITE(blocks)
{
	pfn_t first;

	check_blocks();
	if (frame_alloc_zeroed(OWNER_KERNEL, 2, &first)) {
		ktest_skip("no memory for frames");
		return;
	}
	check_window_bytes((pfn_t[2]){ first, pfn_add(first, 1) }, direct_map_pointer(first));
	check_window_pages(first, direct_map_pointer(first));
	frame_free_kernel(first, 2);
}
