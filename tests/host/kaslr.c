/* sources: kernel/core/kaslr.c kernel/mm/table/layout.c */

/* Where the kernel's regions may lie: every place in range, none twice as likely, none overlapping.
 */
#include "host_assert.h"
#include "random.h"
#include "tap.h"

#include "core/kaslr.h"
#include "core/options.h"
#include "mm/table/layout.h"

#define LINK_BASE 0xffffffff80000000ul /* linker.ld */
#define IMAGE_MAX (8ul << 20)          /* boot.asm */
#define TOP_FREE 0xffffffffffe00000ul  /* the last 2 MiB */
enum { BUCKETS = 64, PER_BUCKET = 4000 };

struct options options;
uint64_t direct_map_base = DIRECT_MAP_LOWEST, kspace_base = KSPACE_LOWEST, pool_base = POOL_LOWEST;

/* What the processor gives next. */
static uint64_t dealt[3];

void random_fill(void *to, size_t len_bytes)
{
	memcpy(to, dealt, len_bytes < sizeof(dealt) ? len_bytes : sizeof(dealt));
}

static void draw(uint64_t first, uint64_t second, uint64_t third)
{
	dealt[0] = first;
	dealt[1] = second;
	dealt[2] = third;
	layout_draw();
}

static unsigned bits_of(uint64_t places) { return 63 - (unsigned)__builtin_clzl(places); }

static void test_pick(void)
{
	static const uint64_t randoms[] = { 0, 1, 1ul << 63, UINT64_MAX - 1, UINT64_MAX };
	unsigned seen[7] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(randoms); i++) {
		is(kaslr_pick(randoms[i], 4096, 4096, 4096), 4096, "one place is that place");
		is(kaslr_pick(randoms[i], 4096, 8191, 4096), 4096, "nor is there half a step");
	}
	is(kaslr_pick(0, 0, UINT64_MAX - 4095, 4096), 0, "the first of all places there are");
	is(kaslr_pick(UINT64_MAX, 0, UINT64_MAX - 4095, 4096), UINT64_MAX - 4095, "and the last");
	for (unsigned i = 0; i < 7; i++) {
		uint64_t from = i ? UINT64_MAX / 7 * i + 7 : 0;

		seen[kaslr_pick(from, 0, 6, 1)]++;
		seen[kaslr_pick(UINT64_MAX / 7 * (i + 1) - 7, 0, 6, 1)]++;
	}
	for (unsigned i = 0; i < 7; i++) {
		is(seen[i], 2, "a seventh of the random numbers leads to place %u", i);
	}
}

static void pick_backwards(void) { (void)kaslr_pick(0, 8192, 4096, 4096); }

static void test_image(void)
{
	static const uint64_t sizes[] = { 1, 4096, 4097, 1ul << 20, IMAGE_MAX - 1, IMAGE_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t lowest = kaslr_pick_image(0, LINK_BASE, sizes[i]);
		uint64_t highest = kaslr_pick_image(UINT64_MAX, LINK_BASE, sizes[i]);

		is(lowest, LINK_BASE, "the lowest place is the fixed one: %lu bytes", sizes[i]);
		is(highest + align_up(sizes[i], PAGE_SIZE), TOP_FREE,
		   "the highest ends where the last 2 MiB begin");
		ok(bits_of((highest - lowest) / KASLR_IMAGE_STEP + 1) >= 18, "18 bits or more");
	}
	dies(pick_backwards, "assertion", "no place at all is an error of the caller");
}

static void test_image_distribution(void)
{
	unsigned counts[BUCKETS] = { 0 };
	uint64_t highest = kaslr_pick_image(UINT64_MAX, LINK_BASE, IMAGE_MAX), unaligned = 0;
	unsigned low = UINT32_MAX, high = 0;

	for (unsigned i = 0; i < BUCKETS * PER_BUCKET; i++) {
		uint64_t at = kaslr_pick_image(random_next(), LINK_BASE, IMAGE_MAX);

		unaligned |= at % PAGE_SIZE;
		counts[(at - LINK_BASE) * BUCKETS / (highest - LINK_BASE + PAGE_SIZE)]++;
	}
	for (unsigned i = 0; i < BUCKETS; i++) {
		low = MIN(low, counts[i]);
		high = MAX(high, counts[i]);
	}
	is(unaligned, 0, "every place is a page");
	/* six standard deviations: the square root of PER_BUCKET is 63 */
	ok(low > PER_BUCKET - 380 && high < PER_BUCKET + 380,
	   "%u draws fall evenly into %u parts: %u to %u", BUCKETS * PER_BUCKET, BUCKETS, low,
	   high);
}

static void test_regions(void)
{
	bool apart = true, aligned = true;
	uint64_t map_seen = 0, kspace_seen = 0;

	options.kaslr = kaslr_off;
	draw(UINT64_MAX, UINT64_MAX, UINT64_MAX);
	ok(direct_map_base == DIRECT_MAP_LOWEST && kspace_base == KSPACE_LOWEST &&
		   pool_base == POOL_LOWEST,
	   "kaslr=off leaves them where they are");
	options.kaslr = kaslr_on;
	draw(0, 0, 0);
	ok(direct_map_base == DIRECT_MAP_LOWEST && kspace_base == KSPACE_LOWEST &&
		   pool_base == POOL_LOWEST,
	   "the lowest places are the fixed ones");
	draw(UINT64_MAX, UINT64_MAX, UINT64_MAX);
	is(direct_map_base + (PFN_MAX << PAGE_SHIFT), KSPACE_LOWEST,
	   "the highest direct map has room for every frame below kernel space");
	is(kspace_base + KSPACE_SIZE, WINDOW_BASE, "the highest kernel space ends at the window");
	is(pool_base + POOL_SIZE, ENTRY_AREA_BASE, "the highest pools end at the entry area");
	ok(POOL_LOWEST >= WINDOW_BASE + PML4_SLOT_SIZE, "the lowest begin behind the window");
	ok(bits_of((pool_base - POOL_LOWEST) >> 21) >= 21, "21 bits for the pools");
	ok(bits_of((direct_map_base - DIRECT_MAP_LOWEST) >> 21) >= 24, "24 bits for the one");
	ok(bits_of((kspace_base - KSPACE_LOWEST) >> 21) >= 22, "22 bits for the other");
	for (unsigned i = 0; i < 100000; i++) {
		draw(random_next(), random_next(), random_next());
		apart = apart && direct_map_base >= DIRECT_MAP_LOWEST &&
			direct_map_base + DIRECT_MAP_MAX_SIZE <= KSPACE_LOWEST &&
			kspace_base >= KSPACE_LOWEST && kspace_base + KSPACE_SIZE <= WINDOW_BASE &&
			pool_base >= POOL_LOWEST && pool_base + POOL_SIZE <= ENTRY_AREA_BASE;
		aligned = aligned && !((direct_map_base | kspace_base | pool_base) % (2ul << 20));
		map_seen |= direct_map_base ^ DIRECT_MAP_LOWEST;
		kspace_seen |= kspace_base ^ KSPACE_LOWEST;
	}
	ok(apart, "no draw makes regions overlap");
	ok(aligned, "every base is a multiple of 2 MiB");
	is(map_seen, 0x3fffffe00000, "every bit of the direct map's base is drawn");
	is(kspace_seen, 0xfffffe00000, "and of kernel space's");
}

int main(void)
{
	test_pick();
	test_image();
	test_image_distribution();
	test_regions();
	return done_testing();
}
