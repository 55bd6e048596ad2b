/* sources: boot/multiboot.c boot/loader_facts.c boot/memory_map.c kernel/lib/format.c
 * kernel/lib/string.c */

/* Which memory is usable according to the loader's memory map, however odd that is. */
#include "host_assert.h"
#include "multiboot_build.h"
#include "random.h"
#include "tap.h"

#include "../../boot/multiboot.h"

static struct builder builder;
static struct boot_info info;

static status_t parse(void) { return multiboot_parse(builder.bytes, builder.len, &info); }

/* The parser's answer for a memory map as text: "start-end start-end". */
static const char *map_text(const struct build_range *ranges, unsigned nr)
{
	static char text[1024];

	build_start(&builder);
	build_memory(&builder, ranges, nr);
	build_end(&builder);
	text[0] = '\0';
	if (parse() == STATUS_OK) {
		for (unsigned i = 0; i < info.nr_usable; i++) {
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%lx-%lx",
				 i ? " " : "", info.usable[i].start.pa, info.usable[i].end.pa);
		}
	}
	return text;
}

#define MAP(...)                                                                                   \
	map_text((struct build_range[]){ __VA_ARGS__ },                                            \
		 sizeof((struct build_range[]){ __VA_ARGS__ }) / sizeof(struct build_range))

static void test_memory_maps(void)
{
	is_text(MAP({ 0x5000, 0x3000, 1 }, { 0x1000, 0x2000, 1 }), "1000-3000 5000-8000",
		"ranges are sorted");
	is_text(MAP({ 0x1000, 0x2000, 1 }, { 0x3000, 0x1000, 1 }), "1000-4000",
		"neighbours are joined");
	is_text(MAP({ 0x1000, 0x4000, 1 }, { 0x3000, 0x4000, 1 }), "1000-7000",
		"overlaps are joined");
	is_text(MAP({ 0x1001, 0x2fff, 1 }), "2000-4000", "half pages are not used");
	is_text(MAP({ 0x1001, 0xffe, 1 }, { 0x8000, 0x1000, 1 }), "8000-9000",
		"nor what holds no whole page");
	is_text(MAP({ 0x1000, 0x8000, 1 }, { 0x3001, 1, 2 }), "1000-3000 4000-9000",
		"a reserved byte takes its page");
	is_text(MAP({ 0x3001, 1, 2 }, { 0x1000, 0x8000, 1 }), "1000-3000 4000-9000",
		"in either order");
	is_text(MAP({ 0x1000, 0x8000, 1 }, { 0, 0x2000, 2 }, { 0x8000, 0x8000, 3 }), "2000-8000",
		"at both ends");
	is_text(MAP({ 0x1000, 0x8000, 1 }, { 0x1000, 0x8000, 77 }, { 0x10000, 0x1000, 1 }),
		"10000-11000", "a range of an unknown type is reserved");
	is_text(MAP({ 0x1000, 0x8000, 1 }, { 0x4000, UINT64_MAX, 2 }), "1000-4000",
		"a reserved range that wraps");
	is_text(MAP({ 0x1000, 0x1000, 1 }, { 0x4000, UINT64_MAX, 1 }), "1000-2000",
		"a usable one that wraps");
	is(info.nr_ranges_refused, 1, "is refused and counted");
	is_text(MAP({ 0x1000, 0x1000, 1 }, { 1ul << 60, 0x1000, 1 }), "1000-2000",
		"a range too high for a frame number");
	is(info.nr_ranges_refused, 1, "is refused and counted");
	is_text(MAP({ 0x1000, 0x1000, 1 }, { PFN_MAX * 0x1000 - 0x1000, 0x8000, 1 }),
		"1000-2000 1fffffff000-20000000000", "of one that reaches too high, what is low");
	is(info.nr_ranges_refused, 1, "and that is counted, too");
	is(info.too_high_bytes, 0x7000, "with what is above");
	is_text(MAP({ 0x1000, 0x1000, 1 }, { 0x1000, 0, 2 }, { 0x8000, 0, 1 }), "1000-2000",
		"empty ranges");
	is_text(MAP({ 0x1000, 0x1000, 1 }, { 0x1000, 0x1000, 2 }), "", "nothing usable is refused");
}

enum { NR_MANY = MEMORY_RANGES_MAX + 100 };

/* The last one has the most: what is left behind a hole is never the smallest. */
static unsigned many_pages(unsigned i) { return 13 - (NR_MANY - 1 - i) * 7 % 13; }

/* How many pages the largest MEMORY_RANGES_MAX of the many ranges have. */
static uint64_t pages_of_the_largest(void)
{
	uint64_t sum = 0;
	unsigned room = MEMORY_RANGES_MAX;

	for (unsigned pages = 13; pages > 0; pages--) {
		for (unsigned i = 0; i < NR_MANY && room > 0; i++) {
			if (many_pages(i) == pages) {
				sum += pages;
				room--;
			}
		}
	}
	return sum;
}

static uint64_t usable_bytes(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < info.nr_usable; i++) {
		sum += info.usable[i].end.pa - info.usable[i].start.pa;
	}
	return sum;
}

static bool is_sorted(void)
{
	for (unsigned i = 1; i < info.nr_usable; i++) {
		if (info.usable[i].start.pa <= info.usable[i - 1].end.pa) {
			return false;
		}
	}
	return true;
}

/* What is usable, and what was left out, of a map with more ranges than there is room for. */
static void check_many(const struct build_range *ranges, unsigned nr, uint64_t all_bytes,
		       const char *name)
{
	build_start(&builder);
	build_memory(&builder, ranges, nr);
	build_end(&builder);
	is(parse(), STATUS_OK, name);
	is(info.nr_usable, MEMORY_RANGES_MAX, "as many as fit are used");
	ok(is_sorted(), "in their order");
	is(usable_bytes() / PAGE_SIZE, pages_of_the_largest(), "and they are the largest");
	is(info.nr_ranges_left_out, NR_MANY - MEMORY_RANGES_MAX, "the others are counted");
	is(info.left_out_bytes, all_bytes - usable_bytes(), "and so is what was in them");
	is(info.nr_ranges_refused, 0, "none is called refused");
}

/* As a map of their own, in either order, and as what holes leave of one large range. */
static void test_many_ranges(void)
{
	static struct build_range ranges[NR_MANY], holes[NR_MANY + 1];
	uint64_t at = 0x100000, all_bytes = 0;

	holes[0] = (struct build_range){ at, 0, 1 };
	for (unsigned i = 0; i < NR_MANY; i++) {
		uint64_t bytes = many_pages(i) * PAGE_SIZE;

		ranges[i] = (struct build_range){ at, bytes, 1 };
		holes[i + 1] = (struct build_range){ at + bytes, 1, 2 };
		at += bytes + PAGE_SIZE;
		all_bytes += bytes;
	}
	holes[0].len = at - holes[0].start;
	check_many(ranges, NR_MANY, all_bytes, "more ranges than there is room for");
	check_many(holes, NR_MANY + 1, all_bytes, "more holes than there is room for");
	for (unsigned i = 0; i < NR_MANY / 2; i++) {
		struct build_range other = ranges[i];

		ranges[i] = ranges[NR_MANY - 1 - i];
		ranges[NR_MANY - 1 - i] = other;
	}
	check_many(ranges, NR_MANY, all_bytes, "the highest first");
}

/* Against a bitmap of the first 64 pages. */
static bool random_maps_agree(void)
{
	for (unsigned round = 0; round < 20000; round++) {
		struct build_range ranges[8];
		unsigned nr = (unsigned)random_below(8) + 1;
		uint64_t usable = 0;
		uint64_t got = 0;

		for (unsigned i = 0; i < nr; i++) {
			uint64_t start = random_below(60);
			uint64_t len = random_below(64 - start);

			ranges[i] = (struct build_range){ start << 12, len << 12,
							  random_below(3) ? 1 : 2 };
		}
		for (unsigned pass = 1; pass <= 2; pass++) {
			for (unsigned i = 0; i < nr; i++) {
				uint64_t mask = ((1ul << (ranges[i].len >> 12)) - 1)
						<< (ranges[i].start >> 12);

				if (ranges[i].type == pass) {
					usable = pass == 1 ? usable | mask : usable & ~mask;
				}
			}
		}
		map_text(ranges, nr);
		for (unsigned i = 0; i < info.nr_usable; i++) {
			for (uint64_t at = info.usable[i].start.pa; at < info.usable[i].end.pa;
			     at += 4096) {
				got |= 1ul << (at >> 12);
			}
			if (i > 0 && info.usable[i].start.pa <= info.usable[i - 1].end.pa) {
				return false;
			}
		}
		if (got != usable) {
			return false;
		}
	}
	return true;
}

int main(void)
{
	test_memory_maps();
	test_many_ranges();
	ok(random_maps_agree(), "random memory maps agree with a bitmap");
	return done_testing();
}
