/*
 * Frames for user space: zeroed, and as free of the direct map as the variant of XPFO makes them.
 * This file has the variants that take any free frames and prepare them for this very allocation;
 * frame_hidden.c those that keep a pool of hidden frames. Pages of 2 MiB are frame_large.c's.
 */
#include "core/cpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/frame/stock.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/tlb/tlb.h"

/* --- any free frames --- */

/* The largest free block of at most this order. What was user space's last comes first, as it would
 * in Linux. Caller holds the lock. */
static bool any_take(unsigned *order, pfn_t *out)
{
	assert(lock_is_held(&frame_pool.lock));
	return frames_take_kind(FREE_HIDDEN, order, out) ||
	       frames_take_kind(FREE_REVEALED, order, out);
}

/* A free frame of whatever kind. */
static bool any_frame_take(pfn_t *out)
{
	unsigned order = 0;
	bool found;

	lock_acquire(&frame_pool.lock);
	do {
		found = any_take(&order, out);
	} while (!found && (frames_gather() || frames_await_work()));
	lock_release(&frame_pool.lock);
	return found;
}

static bool had_kernel_any(pfn_t first, unsigned order)
{
	for (uint32_t i = 0; i < 1u << order; i++) {
		enum owner owner = frame_owner_before_free(pfn_add(first, i));

		if (owner != OWNER_USER && owner != OWNER_RESERVED) {
			return true;
		}
	}
	return false;
}

/* A pool's frames wait in its quarantine; a block that is wanted now is flushed as strictly. */
static xpfo_flush flush_of_variant(void)
{
	return xpfo.flush_at_alloc ? xpfo.flush_at_alloc : xpfo.flush_at_kunmap;
}

void block_unmap(pfn_t first, unsigned order)
{
	bool must_flush = xpfo.unmaps_at_alloc
				  ? block_hide(first, order)
				  : !xpfo.flushes_kernels_alone || had_kernel_any(first, order);

	if (must_flush) {
		flush_of_variant()((va_t){ direct_map_base + pfn_to_pa(first).pa }, 1ul << order);
	}
}

/* What reaches the block all the same is the variant's weakness. Flushes. */
static void block_prepare(pfn_t first, unsigned order)
{
	block_unmap(first, order);
	if (!xpfo.clears_mapped) {
		block_zero(first, order);
	}
}

/* Prepares a cache's worth at once. Flushes. */
static void batch_refill(struct cpu *cpu)
{
	unsigned order = xpfo.batch_order;
	bool is_found;
	pfn_t first;

	lock_acquire(&frame_pool.lock);
	is_found = frames_cache_may_have(order) && any_take(&order, &first);
	if (is_found) {
		count_add(&frame_pool.nr_in_work, 1ul << order);
	}
	lock_release(&frame_pool.lock);
	if (!is_found) {
		return;
	}
	block_prepare(first, order);
	for (uint32_t i = 0; i < 1u << order; i++) {
		stock_put(cpu->frame_cache, &cpu->nr_frame_cache, pfn_add(first, i));
	}
	lock_acquire(&frame_pool.lock);
	count_add(&frame_pool.nr_in_work, -(1ul << order));
	lock_release(&frame_pool.lock);
}

/* xpfo=off: as they are. */
static void off_refill(struct cpu *cpu)
{
	lock_acquire(&frame_pool.lock);
	frames_cache_fill(cpu, FREE_REVEALED);
	lock_release(&frame_pool.lock);
}

/* --- any variant --- */

static void cache_refill(struct cpu *cpu)
{
	if (xpfo.is_pooled) {
		hidden_refill(cpu);
	} else if (!xpfo_is_on()) {
		off_refill(cpu);
	} else if (xpfo.batch_order) {
		batch_refill(cpu);
	}
}

static __attribute__((noinline)) bool cache_refill_and_take(struct cpu *cpu, pfn_t *out)
{
	cache_refill(cpu);
	return stock_take(cpu->frame_cache, &cpu->nr_frame_cache, out);
}

/* From this CPU's cache, filled first when it is empty. */
static inline bool cache_take(pfn_t *out)
{
	struct cpu *cpu = this_cpu();

	return LIKELY(stock_take(cpu->frame_cache, &cpu->nr_frame_cache, out)) ||
	       cache_refill_and_take(cpu, out);
}

static __attribute__((noinline)) bool uncached_take(pfn_t *out)
{
	if (xpfo.is_pooled) {
		return hidden_take(out);
	}
	if (!any_frame_take(out)) {
		return false;
	}
	if (xpfo_is_on()) {
		block_prepare(*out, 0);
	}
	return true;
}

/* A free frame on no list, with what the variant does at allocation done. */
static inline bool ready_take(pfn_t *out) { return cache_take(out) || uncached_take(out); }

/* The kernel's stacks that nobody uses are the last that is given up for user space. */
static __attribute__((noinline)) bool ready_take_of_stacks(pfn_t *out)
{
	return (kstack_trim() || (KASAN && slab_trim())) && ready_take(out);
}

/* A cache is a hint: what the frame table does not call free is passed over, and lost to it. */
static inline bool is_free(pfn_t frame)
{
	return LIKELY(pfn_is_valid(frame) && frame_entry(frame)->owner == OWNER_FREE);
}

static __attribute__((noinline)) status_t free_frame_take(pfn_t *out)
{
	pfn_t frame;

	do {
		if (allocation_should_fail() ||
		    (!ready_take(&frame) && !ready_take_of_stacks(&frame))) {
			return STATUS_ENOMEM;
		}
	} while (!is_free(frame));
	COUNT(frames_allocated_user);
	*out = frame;
	return STATUS_OK;
}

static inline status_t user_frame_take(pfn_t *out)
{
	status_t status = free_frame_take(out);

	if (status == STATUS_OK) {
		frame_transition(*out, 0, OWNER_FREE, OWNER_USER);
	}
	return status;
}

/* Through the direct map, as the published variants do, and as it is done without XPFO. */
static __attribute__((noinline)) void clear_mapped(pfn_t frame)
{
	if (xpfo_is_on()) {
		xpfo_clear_by_kmap(frame, 0);
	} else {
		unmark(direct_map_pointer(frame), PAGE_SIZE);
		memset(direct_map_pointer(frame), 0, PAGE_SIZE);
		mark(direct_map_pointer(frame), PAGE_SIZE, MARK_FRAME_NOT_OURS);
	}
}

status_t frame_alloc_user(pfn_t *out)
{
	status_t status = user_frame_take(out);

	if (UNLIKELY(xpfo.clears_mapped) && status == STATUS_OK) {
		clear_mapped(*out);
	}
	return status;
}

/* With what the cache had, if that is of any use. */
static __attribute__((noinline)) pfn_t take_user_slowly(pfn_t frame)
{
	if (xpfo.clears_mapped) {
		return frame_alloc_user(&frame) == STATUS_OK ? frame : (pfn_t){ STOCK_EMPTY };
	}
	if (is_free(frame)) {
		COUNT(frames_allocated_user);
	} else if (free_frame_take(&frame) != STATUS_OK) {
		return (pfn_t){ STOCK_EMPTY };
	}
	frame_changes_hands(frame, frame_entry(frame)->flags, OWNER_FREE, OWNER_USER);
	return frame;
}

/* Mostly the cache has one, and it is free. */
pfn_t frame_take_user(void)
{
	pfn_t frame = { STOCK_EMPTY };
	struct cpu *cpu = this_cpu();
	struct frame state;

	if (UNLIKELY(xpfo.clears_mapped || allocation_fail_hook || !cpu->nr_frame_cache)) {
		return take_user_slowly(frame);
	}
	/* frame 0, of an empty slot, is never free */
	(void)stock_swap_out(&cpu->frame_cache[--cpu->nr_frame_cache], &frame);
	if (UNLIKELY(frame.pfn >= nr_frames_unbroken)) {
		return take_user_slowly(frame);
	}
	state = *frame_entry(frame);
	if (UNLIKELY(state.owner != OWNER_FREE)) {
		return take_user_slowly(frame);
	}
	COUNT(frames_allocated_user);
	frame_changes_hands(frame, state.flags, OWNER_FREE, OWNER_USER);
	return frame;
}

status_t frame_alloc_user_for_device(pfn_t *out)
{
	status_t status;

	if (!xpfo_is_on() || !xpfo.clears_mapped) {
		return frame_alloc_user(out);
	}
	status = user_frame_take(out);
	if (status == STATUS_OK) {
		if (xpfo_leaves_unkmapped()) {
			frames_flag(*out, 1, FRAME_UNKMAPPED, 0);
		}
		frame_clear_fresh(*out);
	}
	return status;
}
