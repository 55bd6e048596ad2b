/*
 * Frames for write-once pools. They are the kernel's, but like user space's they are hidden: the
 * pool's own mapping is the only one.
 */
#include "core/options.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/frame_pool.h"
#include "mm/marks.h"
#include "mm/tlb.h"
#include "mm/window.h"

/* Caller holds the lock. A free frame, hidden already if there is one and that is wanted. */
static bool take(enum pool_alias alias, pfn_t *out)
{
	enum free_kind wanted = alias == POOL_ALIAS_NONE ? FREE_HIDDEN : FREE_REVEALED;
	enum free_kind other = alias == POOL_ALIAS_NONE ? FREE_REVEALED : FREE_HIDDEN;

	assert(lock_is_held(&frame_pool.lock));
	return buddy_take(&frame_pool.buddy, 0, wanted, out) ||
	       buddy_take(&frame_pool.buddy, 0, other, out);
}

/*
 * Caller holds the lock. What this CPU has taken so far may go back yet: others are to wait for it
 * meanwhile. One CPU at a time is here, as pool_lock says, so that no two wait for each other.
 */
static bool await_others(unsigned nr_taken)
{
	assert(lock_is_held(&frame_pool.lock));
	if (!frame_pool.nr_in_work) {
		return false;
	}
	count_add(&frame_pool.nr_in_work, nr_taken);
	(void)frames_await_work();
	count_add(&frame_pool.nr_in_work, -nr_taken);
	return true;
}

/* Caller holds the lock. */
static bool take_otherwise(enum pool_alias alias, pfn_t *out, unsigned nr_taken)
{
	for (;;) {
		(void)frames_gather();
		if (!frame_pool_allows(USE_KERNEL, 1)) {
			return false;
		}
		if (take(alias, out)) {
			return true;
		}
		if (!quarantine_reveal() && !await_others(nr_taken)) {
			return false;
		}
	}
}

/* As they were taken. Caller holds the lock. */
static void give_back(const pfn_t *taken, unsigned nr)
{
	assert(lock_is_held(&frame_pool.lock));
	for (unsigned i = 0; i < nr; i++) {
		bool hidden = frame_entry(taken[i])->flags & FRAME_HIDDEN;

		buddy_insert(&frame_pool.buddy, taken[i], 0, hidden ? FREE_HIDDEN : FREE_REVEALED);
	}
}

/* All of them, or none. */
static bool take_all(enum pool_alias alias, pfn_t *out, unsigned nr)
{
	unsigned found = 0;

	lock_acquire(&frame_pool.lock);
	while (found < nr && !allocation_should_fail() &&
	       ((frame_pool_allows(USE_KERNEL, 1) && take(alias, &out[found])) ||
		take_otherwise(alias, &out[found], found))) {
		found++;
	}
	if (found < nr) {
		give_back(out, found);
	}
	lock_release(&frame_pool.lock);
	return found == nr;
}

/* Those of them that were not hidden and clean yet are when this returns, on no TLB, and zero.
 * Flushes. */
static void hide_rest(const pfn_t *taken, unsigned nr)
{
	pfn_t unclean[WINDOW_PAGES];
	unsigned nr_unclean = 0, nr_shown = 0;

	for (unsigned i = 0; i < nr; i++) {
		bool was_shown = block_hide(taken[i], 0);

		nr_shown += was_shown;
		if (was_shown || !xpfo_hidden_is_clean()) {
			unclean[nr_unclean++] = taken[i];
		}
	}
	if (nr_unclean) {
		ktlb_wait(ktlb_downgrade());
		/* zero=early: block_hide has done it, to those that it has hidden */
		if (options.zero == zero_late || nr_shown < nr_unclean) {
			window_zero(unclean, nr_unclean);
		}
	}
}

static void reveal_rest(const pfn_t *taken, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		block_reveal(taken[i], 0);
		unmark(direct_map_pointer(taken[i]), PAGE_SIZE);
		memset(direct_map_pointer(taken[i]), 0, PAGE_SIZE);
	}
}

status_t frames_alloc_pool(enum pool_alias alias, pfn_t *out, unsigned nr)
{
	assert(nr <= WINDOW_PAGES);
	if (!take_all(alias, out, nr)) {
		return STATUS_ENOMEM;
	}
	if (alias == POOL_ALIAS_NONE) {
		hide_rest(out, nr);
	} else {
		reveal_rest(out, nr);
	}
	for (unsigned i = 0; i < nr; i++) {
		frame_transition(out[i], 0, OWNER_FREE, OWNER_POOL);
	}
	frame_pool_count(OWNER_POOL, nr);
	return STATUS_OK;
}

/* Caller holds the lock. Where nobody keeps hidden frames, they go back. */
static void free_one(pfn_t frame)
{
	assert(lock_is_held(&frame_pool.lock));
	frame_transition(frame, 0, OWNER_POOL, OWNER_FREE);
	if (options.pmalloc == pmalloc_roalias) {
		/* a TLB that still has it read-only: mm/spurious.h */
		direct_map_unprotect(frame);
	}
	if (!xpfo.stays_hidden) {
		block_reveal(frame, 0);
	}
	buddy_insert(&frame_pool.buddy, frame, 0,
		     frame_entry(frame)->flags & FRAME_HIDDEN ? FREE_HIDDEN : FREE_REVEALED);
}

void frame_free_pool(const pfn_t *firsts, unsigned nr)
{
	window_zero(firsts, nr);
	lock_acquire(&frame_pool.lock);
	for (unsigned i = 0; i < nr; i++) {
		free_one(firsts[i]);
	}
	frame_pool_count(OWNER_POOL, -(int64_t)nr);
	lock_release(&frame_pool.lock);
}
