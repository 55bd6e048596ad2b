/*
 * Frames for write-once pools. They are the kernel's, but like user space's they are hidden: the
 * pool's own mapping is the only one.
 */
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/frame_pool.h"
#include "mm/window.h"

/* Caller holds the lock. */
static bool take(enum free_kind kind, pfn_t *out)
{
	return buddy_take(&frame_pool.buddy, 0, kind, out);
}

/* Caller holds the lock. Hidden frames are zeroed, and on no TLB already. */
static bool take_hidden(pfn_t *out)
{
	if (take(FREE_HIDDEN, out)) {
		return true;
	}
	if (!take(FREE_REVEALED, out)) {
		return false;
	}
	memset(direct_map_pointer(*out), 0, PAGE_SIZE);
	direct_map_hide(*out, 0);
	frame_flags_set_hidden(*out, 0, true);
	return true;
}

/* Caller holds the lock. */
static bool take_revealed(pfn_t *out)
{
	if (!take(FREE_REVEALED, out)) {
		if (!take(FREE_HIDDEN, out)) {
			return false;
		}
		direct_map_reveal(*out, 0);
		frame_flags_set_hidden(*out, 0, false);
	}
	memset(direct_map_pointer(*out), 0, PAGE_SIZE);
	return true;
}

/* Caller holds the lock. */
static bool take_as(enum pool_alias alias, pfn_t *out)
{
	return alias == POOL_ALIAS_NONE ? take_hidden(out) : take_revealed(out);
}

/* Caller holds the lock. What was set aside for user space first goes back. */
static bool take_from_users(enum pool_alias alias, pfn_t *out)
{
	frame_pool_release_quarantine();
	frame_pool_drain_cache();
	if (!frame_pool_allows(USE_KERNEL, 1)) {
		return false;
	}
	while (!take_as(alias, out)) {
		if (!frame_pool_reveal_quarantine()) {
			return false;
		}
	}
	return true;
}

status_t frame_alloc_pool(enum pool_alias alias, pfn_t *out)
{
	bool found;
	pfn_t frame;

	if (allocation_should_fail()) {
		return STATUS_ENOMEM;
	}
	lock_acquire(&frame_pool.lock);
	found = (frame_pool_allows(USE_KERNEL, 1) && take_as(alias, &frame)) ||
		take_from_users(alias, &frame);
	if (found) {
		frame_transition(frame, 0, OWNER_FREE, OWNER_POOL);
		frame_pool_count(OWNER_POOL, 1);
		*out = frame;
	}
	lock_release(&frame_pool.lock);
	return found ? STATUS_OK : STATUS_ENOMEM;
}

/* Caller holds the lock. With xpfo=off nobody looks for hidden frames, so they go back. */
static void free_one(pfn_t frame)
{
	frame_transition(frame, 0, OWNER_POOL, OWNER_FREE);
	if (frame_entry(frame)->flags & FRAME_HIDDEN && !xpfo_is_on()) {
		direct_map_reveal(frame, 0);
		frame_flags_set_hidden(frame, 0, false);
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
