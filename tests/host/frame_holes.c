/* sources: kernel/mm/frame/buddy.c kernel/mm/frame/frame.c
 *          kernel/mm/gate/gate.c kernel/mm/gate/kernel/frames.c tests/host/mm/gate.c
 *          tests/host/mm/gate_tables.c
 *          kernel/mm/frame/frame_history.c */

/* Holes in the frame table: who asks for a frame there is told that there is none, and nobody looks
 * at what the table would say of it. */
#include "host_assert.h"
#include "tap.h"

#include "mm/frame/buddy.h"
#include "mm/frame/frame.h"

/* Two holes, of one block and of two; nr_frames lies in the block behind the second one. */
enum { BLOCK = 1024, NR_BLOCKS = 7, NR = 6 * BLOCK + 100 };

struct cpu *host_cpu; /* no frame changes hands */

static struct frame table[NR_BLOCKS * BLOCK];
static struct frame_link links[NR_BLOCKS * BLOCK];
static uint16_t nr_free_in[NR_BLOCKS * BLOCK / RANGE_FRAMES];
static struct frame_hole holes[] = { { BLOCK, 2 * BLOCK }, { 4 * BLOCK, 6 * BLOCK } };

static bool is_hole(uint32_t frame)
{
	return (frame >= BLOCK && frame < 2 * BLOCK) || (frame >= 4 * BLOCK && frame < 6 * BLOCK);
}

static void test_lookup(void)
{
	uint32_t nr_wrong = 0, next = 0;

	for (uint32_t frame = 0; frame < NR_BLOCKS * BLOCK; frame++) {
		nr_wrong += pfn_is_valid((pfn_t){ frame }) != (frame < NR && !is_hole(frame));
	}
	is(nr_wrong, 0, "a frame is valid in front of the end and outside of holes");
	FOR_EACH_FRAME (i) {
		while (is_hole(next)) {
			next++;
		}
		nr_wrong += i != next++;
	}
	is(nr_wrong, 0, "a walk over the table sees each frame of it in order");
	is(next, NR, "up to the last");
}

/* What lies in a hole looks like a free block of 2 MiB. */
static void test_search(void)
{
	static struct buddy buddy;
	uint32_t range = 0;
	pfn_t found;

	buddy_init(&buddy, nr_free_in);
	for (uint32_t frame = 0; frame < NR_BLOCKS * BLOCK; frame += RANGE_FRAMES) {
		if (is_hole(frame)) {
			nr_free_in[frame / RANGE_FRAMES] = RANGE_FRAMES;
			table[frame] = (struct frame){ .owner = OWNER_FREE };
			links[frame] = (struct frame_link){ .order = HUGE_ORDER, .is_head = true };
		}
	}
	ok(!buddy_take_mixed(&buddy, HUGE_ORDER, &range, UINT16_MAX, &found),
	   "no block is taken out of a hole");
	ok(range >= buddy_nr_ranges(), "though all of the table is searched");
}

int main(void)
{
	frames = gate_frames = table;
	frame_links = links;
	nr_frames = NR;
	frame_holes = holes;
	nr_frame_holes = ARRAY_SIZE(holes);
	nr_frames_unbroken = holes[0].start;
	test_lookup();
	test_search();
	return done_testing();
}
