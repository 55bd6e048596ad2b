/* User frames that nobody maps any more: scrubbed, and back to the free list that they are ready
 * for. */
#include "core/cpu.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/stock.h"
#include "mm/frame/window.h"
#include "mm/frame/xpfo.h"
#include "mm/gate/gate.h"
#include "mm/tlb/tlb.h"

/* Where the caller can be held up, others get in between. */
static void scrub_block(pfn_t first, uint32_t nr)
{
	for (uint32_t done = 0; done < nr; done += WINDOW_PAGES) {
		window_zero_range(pfn_add(first, done), MIN(nr - done, (uint32_t)WINDOW_PAGES));
		if (this_cpu()->nr_held == 0) {
			(void)poll_call();
		}
	}
}

/* xpfo=v1 clears what it has unmapped. */
static __attribute__((noinline)) void scrub_unmapped(const pfn_t *frames, unsigned nr)
{
	pfn_t unmapped[FRAMES_PUT_MAX] = { { 0 } };
	unsigned nr_unmapped = 0;

	assert(nr <= FRAMES_PUT_MAX);
	for (unsigned i = 0; i < nr; i++) {
		if (frame_entry(frames[i])->flags & FRAME_HIDDEN) {
			unmapped[nr_unmapped++] = frames[i];
		}
	}
	window_zero(unmapped, nr_unmapped);
}

/* The contents go before the frame does, where the variant clears it; off does not, as Linux. */
static void scrub(const pfn_t *firsts, unsigned nr, unsigned order)
{
	if (!xpfo.clears_at_free) {
		return;
	}
	if (order) {
		scrub_block(*firsts, 1u << order);
	} else if (!xpfo.unmaps_at_alloc) {
		scrub_unmapped(firsts, nr);
	} else {
		window_zero(firsts, nr);
	}
}

/* Caller holds the lock. */
static void block_free(pfn_t first, unsigned order)
{
	assert(lock_is_held(&frame_pool.lock));
	if (!xpfo.stays_hidden) {
		block_reveal(first, order);
	}
	buddy_insert(&frame_pool.buddy, first, order,
		     xpfo.stays_hidden ? FREE_HIDDEN : FREE_REVEALED);
}

/* To this CPU's cache, as far as it has room, where the next user may have them as they are, but
 * for what is done at each allocation. Not when memory is so short that it may be root's alone.
 * Returns how many are left over. */
static unsigned cache_put(const pfn_t *firsts, unsigned nr)
{
	struct cpu *cpu = this_cpu();

	if ((!xpfo.stays_hidden && xpfo_is_on()) ||
	    frame_pool_nr_free() < frame_pool_kept_from_users(USE_PAGES)) {
		return nr;
	}
	while (nr && cpu->nr_frame_cache < FRAME_CACHE_MAX) {
		stock_put(cpu->frame_cache, &cpu->nr_frame_cache, firsts[--nr]);
	}
	return nr;
}

/* They are free by now. */
static inline void blocks_put(const pfn_t *firsts, unsigned nr, unsigned order)
{
	COUNT_N(frames_freed_user, (uint64_t)nr << order);
	nr = order ? nr : cache_put(firsts, nr);
	if (!nr) {
		return;
	}
	lock_acquire(&frame_pool.lock);
	for (unsigned i = 0; i < nr; i++) {
		block_free(firsts[i], order);
	}
	lock_release(&frame_pool.lock);
}

static void blocks_free(const pfn_t *firsts, unsigned nr, unsigned order)
{
	scrub(firsts, nr, order);
	for (unsigned i = 0; i < nr; i++) {
		frame_transition(firsts[i], order, OWNER_USER, OWNER_FREE);
	}
	blocks_put(firsts, nr, order);
}

/* With ptprot: free first, so that nobody else maps it while the gate zeroes it. What is large goes
 * through the quarantine, piece by piece, where hidden frames stay hidden. */
static void block_free_first(pfn_t first, unsigned order)
{
	bool is_cleared = xpfo.clears_at_free && frame_entry(first)->flags & FRAME_HIDDEN;

	if (order && this_cpu()->nr_held == 0) {
		(void)poll_call();
	}
	frames_in_work(1l << order);
	frame_transition(first, order, OWNER_USER, OWNER_FREE);
	if (is_cleared && order && xpfo.stays_hidden) {
		COUNT_N(frames_freed_user, 1ul << order);
		(void)ktlb_downgrade();
		block_finish_later(first, order);
		return;
	}
	if (is_cleared) {
		frames_settle_all(first, 1u << order, false);
	}
	blocks_put(&first, 1, order);
	frames_in_work(-(1l << order));
}

static void pages_free(const pfn_t *firsts, unsigned nr, unsigned order)
{
	if (gate_in_force == ptprot_off) {
		blocks_free(firsts, nr, order);
		return;
	}
	for (unsigned i = 0; i < nr; i++) {
		block_free_first(firsts[i], order);
	}
}

void frames_put_released(const struct released *released)
{
	if (!released->nr) {
		return;
	}
	if (UNLIKELY(released->order)) {
		pages_free(released->frames, released->nr, HUGE_ORDER);
		return;
	}
	for (unsigned i = 0; i < released->nr; i++) {
		frame_changes_hands(released->frames[i], frame_entry(released->frames[i])->flags,
				    OWNER_USER, OWNER_FREE);
	}
	blocks_put(released->frames, released->nr, 0);
}

/* The last? With ptprot nobody but the gate counts them: the frame is a fresh one. */
static bool is_last(pfn_t first)
{
	if (gate_in_force != ptprot_off) {
		return true;
	}
	assert(__atomic_load_n(&frame_entry(first)->refs, __ATOMIC_RELAXED) > 0);
	/* pairs with the increments of fork: whoever sees zero is alone with the frame */
	return !frame_count(first, -1);
}

/* True: it was the last of a 4 KiB frame. */
static bool reference_drop(pfn_t first)
{
	const struct frame *frame = frame_entry(first);

	assert(frame->owner == OWNER_USER && !(frame->flags & FRAME_TAIL));
	if (!is_last(first)) {
		return false;
	}
	if (UNLIKELY(frame->order == HUGE_ORDER)) {
		pages_free(&first, 1, HUGE_ORDER);
		return false;
	}
	return true;
}

void frames_put_user(pfn_t *firsts, unsigned nr)
{
	unsigned nr_free = 0;

	for (unsigned i = 0; i < nr; i++) {
		if (reference_drop(firsts[i])) {
			firsts[nr_free++] = firsts[i];
		}
	}
	if (nr_free) {
		pages_free(firsts, nr_free, 0);
	}
}
