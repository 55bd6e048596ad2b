/* The waiters of a futex bucket, and the walk over them. For futex.c. */
#pragma once

#include "core/lock.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/types.h"
#include "task/ipc/futex_key.h"

struct thread;

struct bucket {
	struct lock lock;
	struct list waiters; /* guarded by lock */
};

/* On the stack of the thread that waits. Off the list before that goes on: its waker has taken it
 * off, or it does so itself. */
struct futex_waiter {
	struct list node;
	struct bucket *bucket; /* written with both locks, old and new; read without to find them */
	struct thread *thread;
	uva_t at;
	/* Guarded by bucket->lock. */
	struct futex_key key;
	struct futex_stamp stamp; /* of the key, where that is by frame */
	uint32_t bits;
	uint32_t progress; /* enum waiter_progress; read without by its thread */
};

/* How far a waiter is. */
enum waiter_progress {
	WAITER_ASLEEP,  /* or about to be */
	WAITER_WOKEN,   /* who woke it may not be done with it: the lock says when */
	WAITER_RELEASED /* it was asleep, and is no affair of its waker any more once it runs */
};

/*
 * A walk over a bucket's waiters in pieces: between two of them the lock is free. Those who came
 * after its first piece are none of its affair, so that it ends.
 */
struct walk {
	struct bucket *bucket, *other; /* whose locks are held; the same twice where it is one */
	struct list *next, *end;       /* where to go on, and not any more */
	/* Markers of both on the list between pieces. They match no key. */
	struct futex_waiter here, last;
};

/* A piece's worth of waiters. */
enum { WAITERS_PER_PIECE = 16 };

static inline void walk_lock(const struct walk *walk)
{
	if (LIKELY(walk->bucket == walk->other)) {
		lock_acquire(&walk->bucket->lock);
	} else {
		lock_acquire_both(&walk->bucket->lock, &walk->other->lock);
	}
}

static inline void walk_unlock(const struct walk *walk)
{
	if (LIKELY(walk->bucket == walk->other)) {
		lock_release(&walk->bucket->lock);
	} else {
		lock_release_both(&walk->bucket->lock, &walk->other->lock);
	}
}

/* After a piece. False: it was the last one, or the thread must end. */
bool walk_pause(struct walk *walk) MUST_CHECK;

static inline void walk_end(struct walk *walk)
{
	if (UNLIKELY(walk->end != &walk->bucket->waiters)) {
		list_remove(walk->end);
	}
	walk_unlock(walk);
}
