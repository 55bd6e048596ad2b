/* What holds between any two calls, and what the allocator could give. */
#include "core/cpu.h"
#include "mm/frame_alloc.h"
#include "mm/frame_history.h"
#include "mm/frame_pool.h"
#include "mm/ktlb.h"
#include "mm/machine.h"
#include "mm/user_tlb.h"

static void frame_check(uint32_t number)
{
	const struct frame *frame = &frames[number];
	bool is_hidden = frame->flags & FRAME_HIDDEN,
	     is_present = machine_direct_map_has((pfn_t){ number });

	if (is_hidden && frame->owner != OWNER_FREE && frame->owner != OWNER_USER &&
	    frame->owner != OWNER_POOL) {
		machine_die("%s frame %u is hidden", owner_name(frame->owner), number);
	}
	if (is_present != (!is_hidden || frame->kmaps)) {
		machine_die("%s frame %u: flags %u, %u kmaps, but in the direct map: %d",
			    owner_name(frame->owner), number, frame->flags, frame->kmaps,
			    is_present);
	}
	if (!is_present && machine_is_stale(number) && frame->owner == OWNER_USER) {
		machine_die("frame %u was hidden and not flushed", number);
	}
	if (!frame_history_agrees((pfn_t){ number })) {
		machine_die("%s frame %u has a history that ends otherwise",
			    owner_name(frame->owner), number);
	}
	if (frame->refs && (frame->owner != OWNER_USER || frame->flags & FRAME_TAIL)) {
		machine_die("%s frame %u has references", owner_name(frame->owner), number);
	}
}

uint64_t machine_nr_free(void)
{
	struct frame_stats stats;

	frame_stats_read(&stats);
	return stats.nr_free_revealed + stats.nr_free_hidden;
}

uint64_t machine_nr_reserve(void) { return (MACHINE_FRAMES - machine_first_free()) / 64; }

void machine_check(void)
{
	/* kept ready by ptable.c: PTABLE, but as good as free */
	uint64_t nr_spare = this_cpu()->nr_spare_tables + 2 * this_cpu()->nr_spare_roots;
	uint64_t counted[NR_OWNERS] = { 0 }, nr_hidden = 0;
	struct frame_stats stats;

	for (uint32_t i = 0; i < MACHINE_FRAMES; i++) {
		counted[frames[i].owner]++;
		nr_hidden += frames[i].owner == OWNER_FREE && frames[i].flags & FRAME_HIDDEN;
		frame_check(i);
	}
	frame_stats_read(&stats);
	if (stats.nr_user != counted[OWNER_USER] ||
	    stats.nr_ptable + nr_spare != counted[OWNER_PTABLE] ||
	    stats.nr_kernel != counted[OWNER_KERNEL] + counted[OWNER_ENTRY] + counted[OWNER_POOL] ||
	    stats.nr_free_hidden != nr_hidden ||
	    stats.nr_free_revealed + nr_hidden != counted[OWNER_FREE] + nr_spare ||
	    stats.nr_usable != MACHINE_FRAMES - MACHINE_RESERVED) {
		machine_die("frame_stats_read does not say what the frame table says");
	}
	if (this_cpu()->nr_held) {
		machine_die("a lock is still held");
	}
	user_tlb_check();
}

/* What users cannot have although it is free: the cache holds single frames. */
static bool is_cached(uint32_t number)
{
	for (unsigned i = 0; i < this_cpu()->nr_frame_cache; i++) {
		if (this_cpu()->frame_cache[i].pfn == number) {
			return true;
		}
	}
	return false;
}

static bool is_waiting(uint32_t number)
{
	const struct quarantine *quarantine = &frame_pool.quarantine;

	for (unsigned i = 0; i < quarantine->nr; i++) {
		const struct quarantine_block *block =
			&quarantine->blocks[(quarantine->first + i) % QUARANTINE_MAX];

		if (number - block->first.pfn < 1u << block->order) {
			return !ktlb_is_complete(block->generation);
		}
	}
	return false;
}

/* Hidden, also when the one who wants it is done with what he may do about that: the kernel reveals
 * what waits in quarantine. */
static bool stays_hidden(uint32_t number, enum frame_taker taker)
{
	return frames[number].flags & FRAME_HIDDEN &&
	       !(taker == TAKER_KERNEL && is_waiting(number));
}

static bool is_block(uint32_t first, unsigned order, enum frame_taker taker)
{
	bool is_hidden = stays_hidden(first, taker);

	for (uint32_t i = first; i < first + (1u << order); i++) {
		if (frames[i].owner != OWNER_FREE || stays_hidden(i, taker) != is_hidden ||
		    (taker == TAKER_USER && is_cached(i))) {
			return false;
		}
	}
	return true;
}

bool machine_block_exists(unsigned order, enum frame_taker taker)
{
	for (uint32_t first = 0; first < MACHINE_FRAMES; first += 1u << order) {
		if (is_block(first, order, taker)) {
			return true;
		}
	}
	return false;
}
