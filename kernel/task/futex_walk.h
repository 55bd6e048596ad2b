/* The waiters of a futex bucket, and the walk over them. For futex.c. */
#pragma once

#include "core/lock.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/types.h"
#include "task/futex_key.h"

struct thread;

struct bucket {
	struct lock lock;
	struct list waiters; /* guarded by lock */
};

/* On the stack of the thread that waits, which takes it off the list before it goes on. */
struct futex_waiter {
	struct list node;
	struct bucket *bucket; /* written with both locks, old and new; read without to find them */
	struct thread *thread;
	uva_t at;
	/* Guarded by bucket->lock. */
	struct futex_key key;
	struct futex_stamp stamp; /* of the key, where that is by frame */
	uint32_t bits;
	bool is_woken; /* read without by its thread */
};

/*
 * A walk over a bucket's waiters in pieces: between two of them the lock is free. Those who came
 * after its first piece are none of its affair, so that it ends.
 */
struct walk {
	struct bucket *bucket, *other; /* whose locks are held; the same twice where it is one */
	struct list *next, *end;       /* where to go on, and not any more */
	unsigned nr_left;              /* of this piece */
	/* Markers of both on the list between pieces. They match no key. */
	struct futex_waiter here, last;
};

/* A piece's worth of waiters that are woken. */
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

static inline void walk_begin(struct walk *walk, struct bucket *bucket, struct bucket *other)
{
	walk->bucket = bucket;
	walk->other = other;
	walk->nr_left = WAITERS_PER_PIECE;
	walk_lock(walk);
	walk->next = bucket->waiters.next;
	walk->end = &bucket->waiters;
}

/* True: the thread must end. */
bool walk_pause(struct walk *walk) MUST_CHECK;

/* NULL: that was the last one. */
static inline struct futex_waiter *walk_next(struct walk *walk)
{
	struct list *node;

	if (UNLIKELY(walk->nr_left-- == 0) && walk_pause(walk)) {
		return NULL;
	}
	node = walk->next;
	if (node == walk->end) {
		return NULL;
	}
	walk->next = node->next;
	return LIST_ENTRY(node, struct futex_waiter, node);
}

static inline void walk_end(struct walk *walk)
{
	if (UNLIKELY(walk->end != &walk->bucket->waiters)) {
		list_remove(walk->end);
	}
	walk_unlock(walk);
}
