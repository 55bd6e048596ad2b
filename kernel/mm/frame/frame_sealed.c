/*
 * Frames for write-once pools. They are the kernel's, but like user space's they are hidden: the
 * pool's own mapping is the only one.
 */
#include "core/options.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/tlb/tlb.h"

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

/* Of a hidden one. */
static bool is_clean(pfn_t frame)
{
	return gate_in_force != ptprot_off ? !frame_entry(frame)->number : xpfo_hidden_is_clean();
}

/* With ptprot. Those in a row together. */
static void settle(const pfn_t *hidden, unsigned nr, bool is_zero)
{
	for (unsigned i = 0, run; i < nr; i += run) {
		for (run = 1; i + run < nr && hidden[i + run].pfn == hidden[i].pfn + run; run++) {}
		frames_settle_all(hidden[i], run, is_zero);
	}
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
		if (was_shown || !is_clean(taken[i])) {
			unclean[nr_unclean++] = taken[i];
		}
	}
	if (nr_unclean) {
		/* zero=early: block_hide has done it, to those that it has hidden */
		bool is_zero = options.zero == zero_early && nr_shown == nr_unclean;

		ktlb_wait(ktlb_downgrade());
		if (gate_in_force != ptprot_off) {
			settle(unclean, nr_unclean, is_zero);
		} else if (!is_zero) {
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

/* Caller holds the lock. Free, and in hand. */
static void take_back(pfn_t frame)
{
	assert(lock_is_held(&frame_pool.lock));
	frame_transition(frame, 0, OWNER_POOL, OWNER_FREE);
	if (options.pmalloc == pmalloc_roalias) {
		/* a TLB that still has it read-only: mm/tlb/spurious.h */
		direct_map_unprotect(frame);
	}
	if (gate_in_force != ptprot_off && options.pmalloc != pmalloc_full) {
		unmark(direct_map_pointer(frame), PAGE_SIZE);
		memset(direct_map_pointer(frame), 0, PAGE_SIZE);
		mark(direct_map_pointer(frame), PAGE_SIZE, MARK_FRAME_FREED);
	}
}

/* Caller holds the lock. Where nobody keeps hidden frames, they go back. */
static void free_one(pfn_t frame)
{
	assert(lock_is_held(&frame_pool.lock));
	if (!xpfo.stays_hidden) {
		block_reveal(frame, 0);
	}
	buddy_insert(&frame_pool.buddy, frame, 0,
		     frame_entry(frame)->flags & FRAME_HIDDEN ? FREE_HIDDEN : FREE_REVEALED);
}

/* With ptprot the gate has them wait, once more, for whoever may still write to them by the pool's
 * address, and zeroes them behind that. Caller holds the lock, which is let go meanwhile. */
static void wait_and_scrub(const pfn_t *firsts, unsigned nr)
{
	assert(lock_is_held(&frame_pool.lock));
	count_add(&frame_pool.nr_in_work, nr);
	lock_release(&frame_pool.lock);
	ktlb_wait(ktlb_downgrade());
	settle(firsts, nr, false);
	lock_acquire(&frame_pool.lock);
	count_add(&frame_pool.nr_in_work, -(uint64_t)nr);
}

void frame_free_pool(const pfn_t *firsts, unsigned nr)
{
	bool is_settled = gate_in_force != ptprot_off && options.pmalloc == pmalloc_full;

	if (gate_in_force == ptprot_off) {
		window_zero(firsts, nr);
	}
	lock_acquire(&frame_pool.lock);
	for (unsigned i = 0; i < nr; i++) {
		take_back(firsts[i]);
	}
	frame_pool_count(OWNER_POOL, -(int64_t)nr);
	if (is_settled) {
		wait_and_scrub(firsts, nr);
	}
	for (unsigned i = 0; i < nr; i++) {
		free_one(firsts[i]);
	}
	lock_release(&frame_pool.lock);
}
