/*
 * Frames for user space: zeroed, hidden, and on no TLB before they are handed out. With xpfo=epoch
 * a frame that goes user -> free -> user stays hidden: no page-table edit, no flush.
 */
#include "core/cpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/frame_pool.h"
#include "mm/tlb.h"
#include "mm/window.h"
#include "mm/xpfo.h"

/* REFILL_ORDER: what an empty cache is filled with. LOW_WATER: below that many hidden frames the
 * next batch goes into quarantine, ahead of need. */
enum { REFILL_ORDER = 4, LOW_WATER = 64 };

static bool block_take(unsigned order, enum free_kind kind, pfn_t *out)
{
	bool found;

	lock_acquire(&frame_pool.lock);
	found = frame_pool_allows(USE_PAGES, 1u << order) &&
		buddy_take(&frame_pool.buddy, order, kind, out);
	lock_release(&frame_pool.lock);
	return found;
}

/* A revealed block of the wanted order; a smaller one when there is none and `or_less`. */
static bool revealed_take(unsigned *order, bool or_less, pfn_t *out)
{
	while (!block_take(*order, FREE_REVEALED, out)) {
		if (!or_less || *order == 0) {
			return false;
		}
		--*order;
	}
	return true;
}

/* A hidden block of the order, put back into the direct map. */
static bool hidden_take_and_reveal(unsigned order, pfn_t *out)
{
	if (!block_take(order, FREE_HIDDEN, out)) {
		return false;
	}
	direct_map_reveal(*out, order);
	frame_flags_set_hidden(*out, order, false);
	return true;
}

/* Takes a revealed block out of the direct map, zeroed first. The caller flushes. */
static void block_hide(pfn_t first, unsigned order)
{
	memset(direct_map_pointer(first), 0, (size_t)PAGE_SIZE << order);
	direct_map_hide(first, order);
	frame_flags_set_hidden(first, order, true);
}

/* The published variants: hides a block for this very allocation, a smaller one if need be and
 * `or_less`. What was user space's last comes first, as it would in Linux. Flushes. */
static bool hide_and_flush(unsigned *order, bool or_less, pfn_t *out)
{
	unsigned wanted = *order;
	bool found = hidden_take_and_reveal(*order, out);

	while (!found && or_less && *order > 0) {
		--*order;
		found = hidden_take_and_reveal(*order, out);
	}
	if (!found) {
		*order = wanted;
		found = revealed_take(order, or_less, out);
	}
	if (!found) {
		return false;
	}
	block_hide(*out, *order);
	xpfo_variant()->flush((va_t){ direct_map_base + pfn_to_pa(*out).pa }, 1ul << *order);
	return true;
}

void frame_pool_release_quarantine(void)
{
	uint64_t oldest;
	unsigned order;
	pfn_t first;

	assert(lock_is_held(&frame_pool.lock));
	while ((oldest = quarantine_oldest(&frame_pool.quarantine)) && ktlb_is_complete(oldest)) {
		while (quarantine_leave(&frame_pool.quarantine, oldest, &first, &order)) {
			buddy_insert(&frame_pool.buddy, first, order, FREE_HIDDEN);
		}
	}
}

/* Blocks until the oldest batch is out of quarantine. False: it is empty. Flushes. */
static bool quarantine_wait(void)
{
	uint64_t oldest;

	lock_acquire(&frame_pool.lock);
	oldest = quarantine_oldest(&frame_pool.quarantine);
	lock_release(&frame_pool.lock);
	if (!oldest) {
		return false;
	}
	COUNT(quarantine_waits);
	ktlb_wait(oldest);
	lock_acquire(&frame_pool.lock);
	frame_pool_release_quarantine();
	lock_release(&frame_pool.lock);
	return true;
}

/* Hides a block and puts it into quarantine. False: there is none to hide. */
static bool quarantine_feed(unsigned order, bool or_less)
{
	pfn_t first;

	if (quarantine_is_full(&frame_pool.quarantine) && !quarantine_wait()) {
		return false;
	}
	if (!revealed_take(&order, or_less, &first)) {
		return false;
	}
	block_hide(first, order);
	lock_acquire(&frame_pool.lock);
	if (quarantine_is_full(&frame_pool.quarantine)) {
		/* others filled it meanwhile: wait for this block alone */
		lock_release(&frame_pool.lock);
		ktlb_wait(ktlb_downgrade());
		lock_acquire(&frame_pool.lock);
		buddy_insert(&frame_pool.buddy, first, order, FREE_HIDDEN);
	} else {
		quarantine_enter(&frame_pool.quarantine, first, order, ktlb_downgrade());
	}
	lock_release(&frame_pool.lock);
	COUNT_N(quarantine_frames, 1u << order);
	return true;
}

/* xpfo=epoch: a hidden block; what must be hidden for it waits until no TLB holds it. Flushes. */
static bool epoch_take(unsigned order, pfn_t *out)
{
	while (!block_take(order, FREE_HIDDEN, out)) {
		bool fed = quarantine_feed(MAX(order, xpfo_variant()->batch_order), order == 0);

		if (!quarantine_wait() && !fed) {
			return false;
		}
	}
	return true;
}

/* Anybody may have what is in the cache, so nothing goes there that is kept back from users. */
static bool cache_may_have(unsigned order)
{
	return frame_pool_nr_free() >= frame_pool_kept_from_users(USE_PAGES) + (1u << order);
}

/* A whole block if there is one: taking frames one by one would split and link for each. Caller
 * holds the lock. */
static void cache_fill(struct cpu *cpu, enum free_kind kind)
{
	unsigned order = REFILL_ORDER;
	pfn_t first;

	while (!cache_may_have(order) || !buddy_take(&frame_pool.buddy, order, kind, &first)) {
		if (order-- == 0) {
			return;
		}
	}
	for (uint32_t i = 0; i < 1u << order; i++) {
		cpu->frame_cache[cpu->nr_frame_cache++] = pfn_add(first, i);
	}
}

/* Moves hidden frames to this CPU's cache; ahead of need, hides more when they become few. */
static void epoch_refill(struct cpu *cpu)
{
	bool is_low;

	lock_acquire(&frame_pool.lock);
	if (frame_pool.quarantine.nr) {
		frame_pool_release_quarantine();
	}
	cache_fill(cpu, FREE_HIDDEN);
	is_low =
		frame_pool.buddy.nr_free[FREE_HIDDEN] + frame_pool.quarantine.nr_frames < LOW_WATER;
	lock_release(&frame_pool.lock);
	if (is_low) {
		(void)quarantine_feed(xpfo_variant()->batch_order, true);
	}
}

/* xpfo=batch: hides a cache's worth and hands it out as the flush leaves it. Flushes. */
static void batch_refill(struct cpu *cpu)
{
	unsigned order = xpfo_variant()->batch_order;
	pfn_t first;

	if (cache_may_have(order) && hide_and_flush(&order, true, &first)) {
		for (uint32_t i = 0; i < 1u << order; i++) {
			cpu->frame_cache[cpu->nr_frame_cache++] = pfn_add(first, i);
		}
	}
}

void frame_pool_drain_cache(void)
{
	struct cpu *cpu = this_cpu();

	assert(lock_is_held(&frame_pool.lock));
	while (cpu->nr_frame_cache) {
		buddy_insert(&frame_pool.buddy, cpu->frame_cache[--cpu->nr_frame_cache], 0,
			     frame_pool_cached_kind());
	}
}

/* xpfo=off: as they are. */
static void off_refill(struct cpu *cpu)
{
	lock_acquire(&frame_pool.lock);
	cache_fill(cpu, FREE_REVEALED);
	lock_release(&frame_pool.lock);
}

/* False: the cache is not for this variant, or nothing could be had for it. */
static __attribute__((noinline)) bool cache_refill(struct cpu *cpu)
{
	if (!xpfo_is_on()) {
		off_refill(cpu);
	} else if (!xpfo_variant()->flush) {
		epoch_refill(cpu);
	} else if (xpfo_variant()->batch_order) {
		batch_refill(cpu);
	}
	return cpu->nr_frame_cache;
}

/* From this CPU's cache, filled first when it is empty. */
static bool cache_take(pfn_t *out)
{
	struct cpu *cpu = this_cpu();

	if (UNLIKELY(!cpu->nr_frame_cache) && !cache_refill(cpu)) {
		return false;
	}
	*out = cpu->frame_cache[--cpu->nr_frame_cache];
	return true;
}

static __attribute__((noinline)) bool uncached_take(unsigned order, pfn_t *out)
{
	if (!xpfo_is_on()) {
		return block_take(order, FREE_REVEALED, out);
	}
	return xpfo_variant()->flush ? hide_and_flush(&order, false, out) : epoch_take(order, out);
}

/* A free block that is ready for user space, on no list. */
static bool ready_take(unsigned order, pfn_t *out)
{
	if (!(order == 0 && cache_take(out)) && !uncached_take(order, out)) {
		return false;
	}
	if (!xpfo_is_on()) {
		memset(direct_map_pointer(*out), 0, (size_t)PAGE_SIZE << order);
	}
	return true;
}

status_t frame_alloc_user(unsigned order, pfn_t *out)
{
	pfn_t first;

	assert(order == 0 || order == HUGE_ORDER);
	if (allocation_should_fail() || !ready_take(order, &first)) {
		return STATUS_ENOMEM;
	}
	frame_transition(first, order, OWNER_FREE, OWNER_USER);
	frame_entry(first)->refs = 1;
	COUNT_N(frames_allocated_user, 1u << order);
	*out = first;
	return STATUS_OK;
}
