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
#include "mm/kspace.h"
#include "mm/stock.h"
#include "mm/tlb.h"
#include "mm/xpfo.h"

/* REFILL_ORDER: what an empty cache is filled with. LOW_WATER: below that many hidden frames the
 * next batch goes into quarantine, ahead of need. */
enum { REFILL_ORDER = 4, LOW_WATER = 64 };

/* A block of a kind, of the wanted order or the largest below that. Caller holds the lock. */
static bool kind_take(enum free_kind kind, unsigned *order, pfn_t *out)
{
	for (unsigned at = *order;; at--) {
		if (frame_pool_allows(USE_PAGES, 1u << at) &&
		    buddy_take(&frame_pool.buddy, at, kind, out)) {
			*order = at;
			return true;
		}
		if (at == 0) {
			return false;
		}
	}
}

/* --- xpfo=epoch --- */

/* What a look under the lock comes to. */
enum look {
	LOOK_FOUND,   /* a hidden block */
	LOOK_HIDE,    /* a block in hand that is not hidden yet */
	LOOK_WAIT,    /* what there is waits in the quarantine */
	LOOK_AGAIN,   /* something came back to the lists */
	LOOK_NOTHING, /* users can have nothing */
};

struct found {
	pfn_t first;
	unsigned order;
};

static enum look take_in_hand(const struct found *found)
{
	frame_pool.nr_in_work += 1ul << found->order;
	return LOOK_HIDE;
}

/* Caller holds the lock. */
static enum look look_for_hidden(struct found *found)
{
	if (!frame_pool_allows(USE_PAGES, 1)) {
		return frames_gather() ? LOOK_AGAIN : LOOK_NOTHING;
	}
	if (buddy_take(&frame_pool.buddy, 0, FREE_HIDDEN, &found->first)) {
		return LOOK_FOUND;
	}
	found->order = xpfo_variant()->batch_order;
	if (kind_take(FREE_REVEALED, &found->order, &found->first)) {
		return take_in_hand(found);
	}
	if (frame_pool.quarantine.nr) {
		return LOOK_WAIT;
	}
	return frames_gather() || frames_await_work() ? LOOK_AGAIN : LOOK_NOTHING;
}

/* A hidden block; what must be hidden for it waits until no TLB holds it. Flushes. */
static bool epoch_take(pfn_t *out)
{
	enum look look = LOOK_AGAIN;
	struct found found;

	while (look != LOOK_FOUND && look != LOOK_NOTHING) {
		lock_acquire(&frame_pool.lock);
		look = look_for_hidden(&found);
		lock_release(&frame_pool.lock);
		if (look == LOOK_HIDE) {
			quarantine_put(found.first, found.order);
		}
		if (look == LOOK_HIDE || look == LOOK_WAIT) {
			quarantine_wait();
		}
	}
	*out = found.first;
	return look == LOOK_FOUND;
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
		stock_put(cpu->frame_cache, &cpu->nr_frame_cache, pfn_add(first, i));
	}
}

/* The next batch goes into quarantine before the hidden frames run out. */
static void feed_ahead(void)
{
	struct found found = { .order = xpfo_variant()->batch_order };
	bool is_found;

	lock_acquire(&frame_pool.lock);
	is_found = !quarantine_is_full(&frame_pool.quarantine) &&
		   kind_take(FREE_REVEALED, &found.order, &found.first);
	if (is_found) {
		(void)take_in_hand(&found);
	}
	lock_release(&frame_pool.lock);
	if (is_found) {
		quarantine_put(found.first, found.order);
	}
}

/* Moves hidden frames to this CPU's cache; ahead of need, hides more when they become few. */
static void epoch_refill(struct cpu *cpu)
{
	bool is_low;

	if (__atomic_load_n(&frame_pool.quarantine.nr, __ATOMIC_RELAXED)) {
		quarantine_release();
	}
	lock_acquire(&frame_pool.lock);
	cache_fill(cpu, FREE_HIDDEN);
	is_low = frame_pool.buddy.nr_free[FREE_HIDDEN] + frame_pool.quarantine.nr_frames +
			 frame_pool.nr_in_work <
		 LOW_WATER;
	lock_release(&frame_pool.lock);
	if (is_low) {
		feed_ahead();
	}
}

/* --- the published variants --- */

/* Any free block. What was user space's last comes first, as it would in Linux. Caller holds the
 * lock. */
static bool any_take(unsigned *order, pfn_t *out)
{
	return kind_take(FREE_HIDDEN, order, out) || kind_take(FREE_REVEALED, order, out);
}

/* Hides a block anew for this very allocation. What reaches it in spite of the variant's flush is
 * the variant's weakness. Flushes. */
static void hide_and_flush(pfn_t first, unsigned order)
{
	block_reveal(first, order);
	block_hide(first, order);
	xpfo_variant()->flush((va_t){ direct_map_base + pfn_to_pa(first).pa }, 1ul << order);
	block_zero(first, order);
}

/* xpfo=batch: hides a cache's worth and hands it out as the flush leaves it. Flushes. */
static void batch_refill(struct cpu *cpu)
{
	struct found found = { .order = xpfo_variant()->batch_order };
	bool is_found;

	lock_acquire(&frame_pool.lock);
	is_found = cache_may_have(found.order) && any_take(&found.order, &found.first);
	if (is_found) {
		(void)take_in_hand(&found);
	}
	lock_release(&frame_pool.lock);
	if (!is_found) {
		return;
	}
	hide_and_flush(found.first, found.order);
	for (uint32_t i = 0; i < 1u << found.order; i++) {
		stock_put(cpu->frame_cache, &cpu->nr_frame_cache, pfn_add(found.first, i));
	}
	lock_acquire(&frame_pool.lock);
	frame_pool.nr_in_work -= 1ul << found.order;
	lock_release(&frame_pool.lock);
}

/* --- any variant --- */

/* xpfo=off: as they are. */
static void off_refill(struct cpu *cpu)
{
	lock_acquire(&frame_pool.lock);
	cache_fill(cpu, FREE_REVEALED);
	lock_release(&frame_pool.lock);
}

static void cache_refill(struct cpu *cpu)
{
	if (!xpfo_is_on()) {
		off_refill(cpu);
	} else if (!xpfo_variant()->flush) {
		epoch_refill(cpu);
	} else if (xpfo_variant()->batch_order) {
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

static __attribute__((noinline)) bool uncached_take(pfn_t *out)
{
	if (xpfo_is_on() && !xpfo_variant()->flush) {
		return epoch_take(out);
	}
	if (!any_frame_take(out)) {
		return false;
	}
	if (xpfo_is_on()) {
		hide_and_flush(*out, 0);
	}
	return true;
}

/* A free frame that is ready for user space, on no list. */
static inline bool ready_take(pfn_t *out)
{
	if (!cache_take(out) && !uncached_take(out)) {
		return false;
	}
	if (!xpfo_is_on()) {
		memset(direct_map_pointer(*out), 0, PAGE_SIZE);
	}
	return true;
}

/* The kernel's stacks that nobody uses are the last that is given up for user space. */
static __attribute__((noinline)) bool ready_take_of_stacks(pfn_t *out)
{
	return kstack_trim() && ready_take(out);
}

status_t frame_alloc_user(pfn_t *out)
{
	pfn_t frame;

	if (allocation_should_fail() || (!ready_take(&frame) && !ready_take_of_stacks(&frame))) {
		return STATUS_ENOMEM;
	}
	frame_transition(frame, 0, OWNER_FREE, OWNER_USER);
	frame_entry(frame)->refs = 1;
	COUNT(frames_allocated_user);
	*out = frame;
	return STATUS_OK;
}
