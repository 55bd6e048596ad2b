/* What holds between any two calls, and what the allocator could give. */
#include <string.h>

#include "core/cpu.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/frame_init.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/kspace.h"
#include "mm/frame/stock.h"
#include "mm/frame/xpfo.h"
#include "mm/machine.h"
#include "mm/tlb/ktlb.h"
#include "mm/user_tlb.h"
#include "random.h"

static void frame_check(uint32_t number)
{
	const struct frame *frame = &frames[number];
	bool is_table = frame->owner == OWNER_PTABLE;
	bool is_hidden = !is_table && frame->flags & FRAME_HIDDEN,
	     is_present = machine_direct_map_has((pfn_t){ number });

	if (is_hidden && frame->owner != OWNER_FREE && frame->owner != OWNER_USER &&
	    frame->owner != OWNER_POOL) {
		machine_die("%s frame %u is hidden", owner_name(frame->owner), number);
	}
	if (is_present != (is_table || !is_hidden || frame->kmaps)) {
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
	if (frame->number &&
	    (frame->owner == OWNER_FREE || (!is_table && frame->flags & FRAME_TAIL))) {
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

static bool is_in_quarantine(uint32_t number)
{
	const struct quarantine *quarantine = &frame_pool.quarantine;

	for (unsigned i = 0; i < quarantine->nr; i++) {
		const struct quarantine_block *block =
			&quarantine->blocks[(quarantine->first + i) % QUARANTINE_MAX];

		if (number - block->first.pfn < 1u << block->order) {
			return true;
		}
	}
	return false;
}

bool machine_is_zero(pfn_t first, unsigned order)
{
	const char *bytes = machine_ram(first);

	return bytes[0] == 0 && memcmp(bytes, bytes + 1, ((size_t)PAGE_SIZE << order) - 1) == 0;
}

/* Hidden free frames that can be had are zero; some of them are looked at. */
static void zero_check(void)
{
	enum { NR_LOOKS = 16 };

	for (unsigned i = 0; i < NR_LOOKS; i++) {
		uint32_t number = (uint32_t)random_below(MACHINE_FRAMES);
		const struct frame *frame = &frames[number];

		if (frame->owner == OWNER_FREE && frame->flags & FRAME_HIDDEN &&
		    xpfo_hidden_is_clean() && !is_in_quarantine(number) &&
		    !machine_is_zero((pfn_t){ number }, 0)) {
			machine_die("hidden free frame %u is not zero", number);
		}
	}
}

/* What the buddy allocator counts, from its lists. */
static void buddy_check(void)
{
	const struct buddy *buddy = &frame_pool.buddy;
	uint32_t nr_full = 0, nr_pairs = 0;

	for (uint32_t range = 0; range < MACHINE_FRAMES / RANGE_FRAMES; range++) {
		nr_full += buddy->nr_free_in[range] == RANGE_FRAMES;
	}
	for (uint32_t i = 0; i < MACHINE_FRAMES; i += 2) {
		const struct frame_link *link = &frame_links[i];

		nr_pairs += link[0].is_head && link[0].order == 0 && link[1].is_head;
	}
	if (buddy->nr_full_ranges != nr_full || buddy->nr_mixed_pairs != nr_pairs) {
		machine_die("%u full ranges, %u mixed pairs counted; there are %u and %u",
			    buddy->nr_full_ranges, buddy->nr_mixed_pairs, nr_full, nr_pairs);
	}
}

/* A page of 2 MiB is whole exactly while nothing of it is hidden. */
static void page_check(uint32_t first)
{
	bool is_any_hidden = false;

	for (uint32_t i = first; i < first + FRAMES_PER_HUGE; i++) {
		is_any_hidden |= !machine_direct_map_has((pfn_t){ i });
	}
	if (machine_is_large((pfn_t){ first }) == is_any_hidden) {
		machine_die("the 2 MiB page at frame %u is %s", first,
			    is_any_hidden ? "whole, and hides a frame"
					  : "split, and hides nothing");
	}
}

void machine_check(void)
{
	/* kept ready by ptable.c: PTABLE, but as good as free */
	uint64_t nr_spare = stock_count(this_cpu()->spare_tables, SPARE_TABLES_MAX) +
			    2 * stock_count(this_cpu()->spare_roots, SPARE_ROOTS_MAX);
	uint64_t counted[NR_OWNERS] = { 0 }, nr_hidden = 0;
	struct frame_stats stats;

	for (uint32_t i = 0; i < MACHINE_FRAMES; i++) {
		counted[frames[i].owner]++;
		nr_hidden += frames[i].owner == OWNER_FREE && frames[i].flags & FRAME_HIDDEN;
		frame_check(i);
	}
	for (uint32_t i = 0; options.directmap == directmap_2m && i < MACHINE_FRAMES;
	     i += FRAMES_PER_HUGE) {
		page_check(i);
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
	zero_check();
	buddy_check();
	user_tlb_check();
}

static bool is_block(uint32_t first, unsigned order)
{
	for (uint32_t i = first; i < first + (1u << order); i++) {
		if (frames[i].owner != OWNER_FREE) {
			return false;
		}
	}
	return true;
}

bool machine_block_exists(unsigned order)
{
	for (uint32_t first = 0; first < MACHINE_FRAMES; first += 1u << order) {
		if (is_block(first, order)) {
			return true;
		}
	}
	return false;
}

/* Caller holds the lock. */
static void reveal_all(void)
{
	pfn_t first;

	while (quarantine_reveal()) {}
	for (unsigned order = 0; order < NR_BUDDY_ORDERS; order++) {
		while (buddy_take(&frame_pool.buddy, order, FREE_HIDDEN, &first)) {
			block_reveal(first, order);
			buddy_insert(&frame_pool.buddy, first, order, FREE_REVEALED);
		}
	}
}

void machine_choose_xpfo(enum option_xpfo variant)
{
	lock_acquire(&frame_pool.lock);
	(void)frames_gather();
	reveal_all();
	lock_release(&frame_pool.lock);
	xpfo_use(variant);
}

/* This machine keeps no stacks. */
bool kstack_trim(void) { return false; }

/* --- allocations that fail --- */

static unsigned fail_left;
static bool fail_armed, fail_fired;

static bool fail_hook(void)
{
	if (fail_armed && fail_left-- == 0) {
		fail_armed = false;
		fail_fired = true;
		return true;
	}
	return false;
}

void machine_fail_after(unsigned nr)
{
	fail_left = nr;
	fail_armed = true;
	fail_fired = false;
	allocation_set_fail_hook(fail_hook);
}

bool machine_fail_stop(void)
{
	fail_armed = false;
	allocation_set_fail_hook(NULL);
	return fail_fired;
}
