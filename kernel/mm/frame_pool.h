/* What both sides of the frame allocator share: frame_alloc.c (kernel) and frame_user.c (user
 * space). No one else's. */
#pragma once

#include "core/lock.h"
#include "mm/buddy.h"
#include "mm/quarantine.h"
#include "mm/xpfo.h"

struct frame_pool {
	struct lock lock;

	/* Guarded by lock. */
	struct buddy buddy;
	struct quarantine quarantine;

	/* Atomic. Not of USER: the CPUs count for themselves what they give out and take back. */
	uint64_t nr_owned[NR_OWNERS];

	/* Written while booting. */
	uint64_t nr_usable;
	uint64_t nr_reserve; /* the unit of what frame_pool_allows keeps back */
};

extern struct frame_pool frame_pool;

static inline void frame_pool_count(enum owner owner, int64_t nr)
{
	__atomic_fetch_add(&frame_pool.nr_owned[owner], (uint64_t)nr, __ATOMIC_RELAXED);
}

/* What the frames in the CPUs' caches are. */
static inline enum free_kind frame_pool_cached_kind(void)
{
	return xpfo_is_on() ? FREE_HIDDEN : FREE_REVEALED;
}

/* What frames are wanted for. */
enum frame_use { USE_KERNEL, USE_PAGES };

/* Free, for whoever may have them, but for what the CPUs' caches hold. */
static inline uint64_t frame_pool_nr_free(void)
{
	return __atomic_load_n(&frame_pool.buddy.nr_free[FREE_REVEALED], __ATOMIC_RELAXED) +
	       __atomic_load_n(&frame_pool.buddy.nr_free[FREE_HIDDEN], __ATOMIC_RELAXED) +
	       __atomic_load_n(&frame_pool.quarantine.nr_frames, __ATOMIC_RELAXED);
}

/* How many frames anybody who is not root may not have, so that root can work on. */
static inline uint64_t frame_pool_kept_from_users(enum frame_use use)
{
	return (use == USE_PAGES ? 3 : 2) * frame_pool.nr_reserve;
}

/*
 * May nr frames be taken for the current process? The last ones are kept back in four steps: users
 * cannot have pages, then nothing at all that is theirs to ask for; root cannot have pages; the
 * kernel has the rest, to say no in an orderly way. True without the lock is true for a moment.
 */
bool frame_pool_allows(enum frame_use use, uint64_t nr);

/* FRAME_HIDDEN of every frame of a block. */
void frame_flags_set_hidden(pfn_t first, unsigned order, bool hidden);

/* Blocks whose generation is complete become allocatable. Caller holds the lock. */
void frame_pool_release_quarantine(void);
/* This CPU's cached frames go back, so that they can be revealed or merged. Caller holds the lock.
 */
void frame_pool_drain_cache(void);
/*
 * A block of the quarantine becomes revealed; false: there is none. The kernel need not wait: what
 * a TLB may still hold of the block is what the direct map says again. Caller holds the lock.
 */
bool frame_pool_reveal_quarantine(void);
