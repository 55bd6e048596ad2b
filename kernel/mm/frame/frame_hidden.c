/*
 * The variants that serve user space from a pool of hidden frames: clean, on no TLB, and left
 * hidden between two users, with no page-table edit and no flush. What is hidden for the pool waits
 * in the quarantine (epoch), or is flushed at once, and only zeroed from there (pageblock).
 */
#include "core/cpu.h"
#include "lib/assert.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/stock.h"
#include "mm/frame/xpfo.h"

/* REFILL_ORDER: what an empty cache is filled with. LOW_WATER: below that many hidden frames the
 * next batch goes into quarantine, ahead of need. */
enum { REFILL_ORDER = 4, LOW_WATER = 64 };

bool frames_take_kind(enum free_kind kind, unsigned *order, pfn_t *out)
{
	assert(lock_is_held(&frame_pool.lock));
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

struct found {
	pfn_t first;
	unsigned order;
};

static enum look take_in_hand(const struct found *found)
{
	count_add(&frame_pool.nr_in_work, 1ul << found->order);
	return LOOK_BLOCK;
}

/* Caller holds the lock. */
static enum look look_for_hidden(struct found *found)
{
	assert(lock_is_held(&frame_pool.lock));
	if (!frame_pool_allows(USE_PAGES, 1)) {
		return frames_gather() ? LOOK_AGAIN : LOOK_NOTHING;
	}
	if (buddy_take(&frame_pool.buddy, 0, FREE_HIDDEN, &found->first)) {
		return LOOK_FOUND;
	}
	/* of a block that was flushed at once only pieces are left to zero: no reason for another
	 */
	if (xpfo.flush_at_alloc && frame_pool.quarantine.nr) {
		return LOOK_WAIT;
	}
	found->order = xpfo.batch_order;
	if (frames_take_kind(FREE_REVEALED, &found->order, &found->first)) {
		return take_in_hand(found);
	}
	if (frame_pool.quarantine.nr) {
		return LOOK_WAIT;
	}
	return frames_gather() || frames_await_work() ? LOOK_AGAIN : LOOK_NOTHING;
}

/* Hides a block that is in hand. It is in the pool, or in the quarantine, when this returns.
 * Flushes. */
static void block_give(const struct found *found)
{
	if (xpfo.flush_at_alloc) {
		(void)block_hide(found->first, found->order);
		xpfo.flush_at_alloc((va_t){ direct_map_base + pfn_to_pa(found->first).pa },
				    1ul << found->order);
		block_finish_later(found->first, found->order);
	} else {
		quarantine_put(found->first, found->order);
		quarantine_wait();
	}
}

bool hidden_take(pfn_t *out)
{
	enum look look = LOOK_AGAIN;
	struct found found;

	while (look != LOOK_FOUND && look != LOOK_NOTHING) {
		lock_acquire(&frame_pool.lock);
		look = look_for_hidden(&found);
		lock_release(&frame_pool.lock);
		if (look == LOOK_BLOCK) {
			block_give(&found);
		} else if (look == LOOK_WAIT) {
			quarantine_wait();
		}
	}
	*out = found.first;
	return look == LOOK_FOUND;
}

/* Anybody may have what is in the cache, so nothing goes there that is kept back from users. */
bool frames_cache_may_have(unsigned order)
{
	return frame_pool_nr_free() >= frame_pool_kept_from_users(USE_PAGES) + (1u << order);
}

/* A whole block if there is one: taking frames one by one would split and link for each. */
void frames_cache_fill(struct cpu *cpu, enum free_kind kind)
{
	unsigned order = REFILL_ORDER;
	pfn_t first;

	assert(lock_is_held(&frame_pool.lock));
	while (!frames_cache_may_have(order) ||
	       !buddy_take(&frame_pool.buddy, order, kind, &first)) {
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
	struct found found = { .order = xpfo.batch_order };
	bool is_found;

	lock_acquire(&frame_pool.lock);
	is_found = !quarantine_is_full(&frame_pool.quarantine) &&
		   frames_take_kind(FREE_REVEALED, &found.order, &found.first);
	if (is_found) {
		(void)take_in_hand(&found);
	}
	lock_release(&frame_pool.lock);
	if (is_found) {
		quarantine_put(found.first, found.order);
	}
}

/* Ahead of need, more is hidden when little is left; where a flush is waited for, only in need. */
void hidden_refill(struct cpu *cpu)
{
	bool is_low;

	if (__atomic_load_n(&frame_pool.quarantine.nr, __ATOMIC_RELAXED)) {
		quarantine_release();
	}
	lock_acquire(&frame_pool.lock);
	frames_cache_fill(cpu, FREE_HIDDEN);
	is_low = !xpfo.flush_at_alloc && frame_pool.buddy.nr_free[FREE_HIDDEN] +
							 frame_pool.quarantine.nr_frames +
							 frame_pool.nr_in_work <
						 LOW_WATER;
	lock_release(&frame_pool.lock);
	if (is_low) {
		feed_ahead();
	}
}
