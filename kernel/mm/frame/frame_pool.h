/* What the parts of the frame allocator share: frame_alloc.c (kernel), frame_user.c (user space),
 * frame_hidden.c, frame_large.c (its 2 MiB pages), frame_sealed.c (pools), frame_hide.c and
 * frame_gather.c. xpfo.c hides as they do. */
#pragma once

#include "core/lock.h"
#include "lib/builds.h"
#include "mm/frame/buddy.h"
#include "mm/frame/quarantine.h"
#include "mm/frame/xpfo.h"

enum { FRAMES_RESTING_MAX = 64 };

struct frame_pool {
	struct lock lock;

	/* Guarded by lock. */
	struct buddy buddy;
	struct quarantine quarantine;
	/* BUILD=kasan: what the kernel freed last, revealed and on no list, so that it is marked
	 * for a while: frame_rest.kasan.c */
	struct frame_rest {
		struct {
			pfn_t first;
			unsigned order;
		} blocks[KASAN ? FRAMES_RESTING_MAX : 0]; /* a ring */
		unsigned next, nr;
		uint64_t nr_frames;
	} rest;
	uint64_t nr_in_work; /* free frames that a CPU has in hand, to hide or to zero them: on no
				list, and back in a moment */

	/* Atomic. Not of USER: the CPUs count for themselves what they give out and take back. */
	uint64_t nr_owned[NR_OWNERS];

	/* Written while booting. */
	uint64_t nr_usable;
	uint64_t nr_reserve; /* the unit of what frame_pool_allows keeps back */
};

extern struct frame_pool frame_pool;
struct cpu;

static inline void frame_pool_count(enum owner owner, int64_t nr)
{
	__atomic_fetch_add(&frame_pool.nr_owned[owner], (uint64_t)nr, __ATOMIC_RELAXED);
}

/* What the frames in the CPUs' caches are. */
static inline enum free_kind frame_pool_cached_kind(void)
{
	return xpfo.unmaps_at_alloc ? FREE_HIDDEN : FREE_REVEALED;
}

/* What frames are wanted for. */
enum frame_use { USE_KERNEL, USE_PAGES };

/* Free, for whoever may have them, but for what the CPUs' caches hold. */
static inline uint64_t frame_pool_nr_free(void)
{
	return __atomic_load_n(&frame_pool.buddy.nr_free[FREE_REVEALED], __ATOMIC_RELAXED) +
	       __atomic_load_n(&frame_pool.buddy.nr_free[FREE_HIDDEN], __ATOMIC_RELAXED) +
	       __atomic_load_n(&frame_pool.quarantine.nr_frames, __ATOMIC_RELAXED) +
	       (KASAN ? __atomic_load_n(&frame_pool.rest.nr_frames, __ATOMIC_RELAXED) : 0) +
	       __atomic_load_n(&frame_pool.nr_in_work, __ATOMIC_RELAXED);
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

/* What a look for user space's frames comes to, under the lock. */
enum look {
	LOOK_FOUND,   /* they are hidden, zero and on no TLB */
	LOOK_BLOCK,   /* a block in hand that is not */
	LOOK_WAIT,    /* part of what there is waits in the quarantine */
	LOOK_AGAIN,   /* something came back to the lists */
	LOOK_NOTHING, /* users can have nothing */
};

/* FRAME_HIDDEN of nr frames in a row. */
void frame_flags_set_hidden(pfn_t first, uint32_t nr, bool hidden);

/* --- frame_hide.c --- */

/* A free block that the caller has in hand: what is revealed of it leaves the direct map. TLBs may
 * hold it all the same, and its contents are anything. False: all of it was hidden already. */
bool block_hide(pfn_t first, unsigned order);
/* One that block_hide has hidden and that is flushed by now. zero=early: block_hide has done it. */
void block_zero(pfn_t first, unsigned order);
/* With ptprot: free hidden frames in a row are clean when this returns; zero=early has zeroed them
 * already, if is_zero. Flushes where they are not complete. */
void frames_settle_all(pfn_t first, uint32_t nr, bool is_zero);
/* The same of one that is in hand, as nr_in_work says; and it can be had. */
void block_finish(pfn_t first, unsigned order);
/* Does the same for a block that may be large. It is flushed already; its pieces go through the
 * quarantine only to be zeroed one by one: 2 MiB at once would keep interrupts out for too long. */
void block_finish_later(pfn_t first, unsigned order);
/* A block that was page tables, free now, can be written by everybody. A TLB may hold it as it was:
 * who writes and faults tries again (task/fault/fault.c). */
void block_unguard(pfn_t first, unsigned order);
/* What is hidden of it goes back into the direct map. */
void block_reveal(pfn_t first, unsigned order);
/* Hides a block that the caller has in hand, as nr_in_work says, and has it wait in the quarantine;
 * where that is full, for itself. Flushes then. */
void quarantine_put(pfn_t first, unsigned order);
/* Blocks whose generation is complete, a few of them, are zeroed, and can be had. */
void quarantine_release(void);
/* The same, after a wait for the oldest. Flushes. */
void quarantine_wait(void);
/*
 * A block of the quarantine becomes revealed; false: there is none. The kernel need not wait: what
 * a TLB may still hold of the block is what the direct map says again. Caller holds the lock.
 */
bool quarantine_reveal(void);

/* --- frame_user.c --- */

/* What the variant does to the mapping of a block in hand, for this very allocation. Not with
 * xpfo=off. Flushes. */
void block_unmap(pfn_t first, unsigned order);

/* --- frame_hidden.c --- */

/* A block of a kind, of the wanted order or the largest below that. Caller holds the lock. */
bool frames_take_kind(enum free_kind kind, unsigned *order, pfn_t *out);
/* May a CPU's cache have 2^order frames more? */
bool frames_cache_may_have(unsigned order);
/* Moves frames of a kind to this CPU's cache. Caller holds the lock. */
void frames_cache_fill(struct cpu *cpu, enum free_kind kind);
/* Of the variants with a pool: a frame for user space; and frames for this CPU's empty cache.
 * Flush when the pool runs dry. */
bool hidden_take(pfn_t *out);
void hidden_refill(struct cpu *cpu);

/* --- frame_rest.kasan.c. Caller holds the lock. --- */

/* A block that the kernel gave back, FREE and revealed: the one that came first goes to the lists.
 */
void frame_rest_enter(pfn_t first, unsigned order);
/* All of them to the lists: how many frames. */
unsigned frame_rest_empty(void);

/* --- frame_gather.c: when the lists have nothing. Caller holds the lock. --- */

/* All CPUs' caches and stocks go back to the lists. False: they were empty. */
bool frames_gather(void);
/*
 * A block whose frames are free, but not all of one kind, or are by now: the caller hides or
 * reveals the rest. Between looks at parts of memory the lock is let go, and interrupts are taken
 * where no other lock is held. Never of order 0. False: of order 1 and HUGE_ORDER there was none at
 * one moment.
 */
bool frames_take_mixed(unsigned order, pfn_t *out);
/* Lets go of the lock for a moment if a CPU has free frames in hand. False: none has. */
bool frames_await_work(void);
/* So many more free frames are in this CPU's hands. */
void frames_in_work(int64_t nr);
