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

	/* Atomic. */
	uint64_t nr_owned[NR_OWNERS];

	/* Written while booting. */
	uint64_t nr_usable;
	uint64_t nr_reserve; /* user space may not take the last ones: the kernel needs them to say
				no in an orderly way */
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

/* FRAME_HIDDEN of every frame of a block. */
void frame_flags_set_hidden(pfn_t first, unsigned order, bool hidden);

/* Blocks whose generation is complete become allocatable. Caller holds the lock. */
void frame_pool_release_quarantine(void);
/* This CPU's cached frames go back, so that they can be revealed or merged. Caller holds the lock.
 */
void frame_pool_drain_cache(void);
