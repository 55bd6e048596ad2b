/* sources: kernel/mm/table/ram.c kernel/mm/frame/boot_alloc.c */

/*
 * Which memory of odd machines is used, against tables counted one by one; and that what is handed
 * out while booting is in memory, never twice, and off the image and the modules.
 */
#include "host_assert.h"
#include "random.h"
#include "tap.h"

#include "core/boot_info.h"
#include "core/panic.h"
#include "mm/frame/boot_alloc.h"
#include "mm/table/layout.h"
#include "mm/table/ram.h"

#define KIB 1024ul
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)
enum { NR_RANDOM_RUNS = 3000, RANGES_DRAWN = 12, PHYS_BITS = 52 };

char image_start[1];
__asm__(".globl image_end\n.set image_end, image_start + 0x200000");
uint64_t direct_map_base = DIRECT_MAP_LOWEST;

static struct boot_info info;
static struct ram ram;

void panic(const char *format, ...)
{
	fprintf(stderr, "panic: %s\n", format);
	abort();
}

static void map_clear(void) { info = (struct boot_info){ 0 }; }

static void map_add(uint64_t start, uint64_t len_bytes)
{
	info.usable[info.nr_usable++] = (struct memory_range){ { start }, { start + len_bytes } };
}

/* What is used of the map so far, as "start-end start-end", in frames. */
static const char *used(unsigned phys_bits)
{
	static char text[1024];

	ram_choose(&ram, &info, phys_bits);
	text[0] = '\0';
	for (unsigned i = 0; i < ram.nr; i++) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%x-%x", i ? " " : "",
			 ram.ranges[i].start, ram.ranges[i].end);
	}
	return text;
}

static void test_maps(void)
{
	map_clear();
	map_add(0, 640 * KIB);
	map_add(MIB, 127 * MIB);
	map_add(4 * GIB, 16 * GIB);
	is_text(used(40), "100-8000 100000-500000", "16 GiB above 4 GiB and 127 MiB below");
	is(ram.nr_dear, 0, "the first MiB is no loss");

	map_clear();
	map_add(MIB, 255 * MIB);
	map_add(TIB, MIB);
	is_text(used(48), "100-10000 10000000-10000100", "a bank of 1 MiB at 1 TiB");
	is_text(used(40), "100-10000", "which a processor of 40 address bits cannot reach");
	is(ram.nr_frames_too_high, 256, "it is counted");
	map_add(8 * TIB - 64 * KIB, 64 * KIB);
	is_text(used(48), "100-10000 10000000-10000100", "64 KiB at the end of all addresses");
	is(ram.nr_dear, 1, "cost more than they bring");
	is(ram.nr_frames_dear, 16, "and are counted");
	is(ram.dear.start, 0x7ffffff0, "with the place where they begin");
	is(ram.dear.end, 0x80000000ul, "and end");
	info.modules[0] = (struct boot_module){ { 8 * TIB - 8 * KIB }, { 8 * TIB - 4 * KIB }, "" };
	info.nr_modules = 1;
	is_text(used(48), "100-10000 10000000-10000100 7ffffff0-80000000",
		"unless a module lies there");
	ok(ram_has(&ram, info.modules[0].start, info.modules[0].end), "which is found in memory");
	ok(!ram_has(&ram, (pa_t){ TIB + MIB - 1 }, (pa_t){ TIB + MIB + 1 }),
	   "unlike what ends behind a bank");

	map_clear();
	map_add(MIB, 127 * MIB);
	map_add((1ul << 40) - 2 * MIB, 4 * MIB);
	is_text(used(40), "100-8000 ffffe00-10000000",
		"of a bank that reaches too high, what is low");
	is(ram.nr_frames_too_high, 512, "the rest is counted");
}

/* --- against tables counted one by one --- */

enum { NR_TABLES_SEEN = 1 << 16 };
static uint64_t seen[NR_TABLES_SEEN];
static unsigned nr_seen;

/* 1 where this table is not there yet. */
static unsigned take_table(unsigned kind, uint64_t index)
{
	uint64_t key = (uint64_t)kind << 56 | index;

	for (unsigned i = nr_seen; i > 0; i--) {
		if (seen[i - 1] == key) {
			return 0;
		}
	}
	seen[nr_seen++] = key;
	return 1;
}

/* Of an array of entry_bytes for each of every so many frames: its page and the tables above. */
static unsigned take_array(unsigned kind, uint64_t offset, bool has_pages)
{
	unsigned nr = 0;

	for (unsigned level = has_pages ? 0 : 1; level < 3; level++) {
		nr += take_table(kind + level, offset >> (12 + 9 * level));
	}
	return nr;
}

static unsigned tables_of_run(const struct ram_range *run)
{
	unsigned nr = 0;

	for (uint64_t frame = run->start; frame < run->end; frame += 256) {
		nr += take_array(0, frame * 8, true);
		nr += take_array(4, frame * 8, true);
		nr += take_array(8, frame * 2, true);
		nr += take_array(12, frame, true);
		nr += take_array(16, frame / 512 * 2, true);
		nr += take_array(20, frame << 12, false);
		nr += take_table(24, frame >> 27);
	}
	return nr;
}

static uint64_t frames_in(const struct ram_range *ranges, unsigned nr)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < nr; i++) {
		sum += ranges[i].end - ranges[i].start;
	}
	return sum;
}

/* The map as it is, in frames, and in runs. */
static struct ram all;

static void map_draw(void)
{
	uint64_t at = MIB;

	map_clear();
	map_add(at, (8 + random_below(8)) * MIB);
	for (unsigned i = 1 + (unsigned)random_below(RANGES_DRAWN); i > 0; i--) {
		at = info.usable[info.nr_usable - 1].end.pa +
		     ((1 + random_below(1000)) << (12 + random_below(22)));
		if (at >= 8 * TIB - MIB) {
			break;
		}
		map_add(at, (1 + random_below(40)) << (12 + random_below(4)));
	}
	all.nr = 0;
	for (unsigned i = 0; i < info.nr_usable; i++) {
		all.ranges[all.nr++] = (struct ram_range){ pa_to_pfn(info.usable[i].start).pfn,
							   pa_to_pfn(info.usable[i].end).pfn };
	}
}

static bool random_maps_agree(void)
{
	unsigned nr_dear = 0;

	for (unsigned round = 0; round < NR_RANDOM_RUNS; round++) {
		struct ram_range wanted[MEMORY_RANGES_MAX], run;
		unsigned at = 0, first = 0, nr = 0;

		map_draw();
		nr_seen = 0;
		while (ram_next_run(&all, &at, &run)) {
			unsigned before = nr_seen;

			if (frames_in(&all.ranges[first], at - first) > tables_of_run(&run) ||
			    run.start == 0) {
				memcpy(&wanted[nr], &all.ranges[first],
				       (at - first) * sizeof(wanted[0]));
				nr += at - first;
			} else {
				nr_seen = before;
				nr_dear += at - first;
			}
			first = at;
		}
		ram_choose(&ram, &info, PHYS_BITS);
		if (ram.nr != nr || memcmp(ram.ranges, wanted, nr * sizeof(wanted[0])) != 0 ||
		    ram.nr_frames_dear + frames_in(ram.ranges, ram.nr) !=
			    frames_in(all.ranges, all.nr)) {
			diag("round %u: %u ranges used, %u wanted", round, ram.nr, nr);
			return false;
		}
	}
	return nr_dear > NR_RANDOM_RUNS / 10;
}

/* --- what is handed out --- */

static bool is_inside(uint32_t frame)
{
	return frame < 0x300 ? frame >= 0x100 : frame >= 0x380 && frame < 0x400;
}

static bool is_handed_out_once(void)
{
	static unsigned char is_taken[0x400];
	unsigned nr_pieces, nr = 0;
	const struct boot_alloc_piece *pieces;

	while (boot_alloc_nr_left()) {
		pfn_t frame = boot_alloc_tables(1);

		if (frame.pfn >= 0x400 || !is_inside(frame.pfn) || is_taken[frame.pfn]++) {
			diag("frame %#x", frame.pfn);
			return false;
		}
		nr++;
	}
	pieces = boot_alloc_pieces(&nr_pieces);
	for (unsigned i = 0; i < nr_pieces; i++) {
		if (pieces[i].low != pieces[i].high || pieces[i].start < 0x300) {
			return false;
		}
	}
	return nr == 0x80 - 1 && !is_taken[0x3c0];
}

static void test_early(void)
{
	map_clear();
	map_add(MIB, 2 * MIB);
	map_add(0x380000, 0x80000);
	info.modules[0] = (struct boot_module){ { 0x3c0010 }, { 0x3c0800 }, "" };
	info.nr_modules = 1;
	(void)used(PHYS_BITS);
	boot_alloc_init(&ram, &info);
	ok(is_handed_out_once(), "each frame once, but those of the image and of a module");
}

int main(void)
{
	test_maps();
	ok(random_maps_agree(), "random maps agree with tables counted one by one");
	test_early();
	return done_testing();
}
