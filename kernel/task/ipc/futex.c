/* Waiters in hashed buckets. */
#include "task/ipc/futex.h"

#include "arch/x86_64/device/clock.h"
#include "lib/assert.h"
#include "mm/as/usercopy.h"
#include "task/ipc/futex_walk.h"
#include "task/ipc/futex_word.h"
#include "task/sched/run_queue.h"
#include "task/sched/sched_switch.h"
#include "task/sched/timer.h"

enum { NR_BUCKETS = 256 };

static struct bucket buckets[NR_BUCKETS];

void futex_init(void)
{
	for (unsigned i = 0; i < NR_BUCKETS; i++) {
		lock_init(&buckets[i].lock, "futex", RANK_futex);
		list_init(&buckets[i].waiters);
	}
}

status_t futex_check(uva_t at, enum futex_scope scope)
{
	struct futex_key unused;

	return futex_key_make(thread_current(), at, scope, &unused);
}

static struct bucket *bucket_of(const struct futex_key *key)
{
	/* Fibonacci hashing: the upper bits are the mixed ones */
	return &buckets[((uint64_t)key->as + key->where) * 0x9e3779b97f4a7c15ul >> 56];
}

/*
 * Caller holds the bucket's lock. A waiter whose memory is not that frame any more waits for
 * nothing that anybody could mean.
 */
static inline bool matches(struct futex_waiter *waiter, const struct futex_key *key)
{
	assert(lock_is_held(&waiter->bucket->lock));
	if (waiter->key.as != key->as || waiter->key.where != key->where) {
		return false;
	}
	/* its address space stays the same while it waits */
	return key->as || tlb_hw_generation(waiter->stamp.root) == waiter->stamp.generation ||
	       futex_is_there(waiter);
}

/* Of a thread that sleeps: it is READY, and the caller's, who puts it on a queue. */
static inline bool take_sleeper(struct thread *thread)
{
	uint32_t blocked = THREAD_BLOCKED;

	return sched_change(thread, &blocked, THREAD_READY);
}

/*
 * Caller holds the bucket's lock, which keeps a waiter that does not sleep yet from going on. The
 * thread of one that sleeps is the caller's until it is on a run queue, after which nothing here
 * touches it: so that one goes on without the lock.
 */
static inline void wake(struct futex_waiter *waiter)
{
	struct thread *thread = waiter->thread;

	assert(lock_is_held(&waiter->bucket->lock));
	list_remove(&waiter->node);
	if (LIKELY(take_sleeper(thread))) {
		waiter->progress = WAITER_RELEASED;
		run_queue_add(thread);
	} else {
		/* pairs with the load in sleep */
		__atomic_store_n(&waiter->progress, WAITER_WOKEN, __ATOMIC_RELEASE);
		sched_wake(thread);
	}
}

static inline void enqueue(struct futex_waiter *waiter, struct bucket *bucket)
{
	waiter->bucket = bucket;
	lock_acquire(&bucket->lock);
	list_push_back(&bucket->waiters, &waiter->node);
	lock_release(&bucket->lock);
}

/* Whether it was woken. */
static bool dequeue(struct futex_waiter *waiter)
{
	for (;;) {
		struct bucket *bucket = __atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE);

		lock_acquire(&bucket->lock);
		if (waiter->bucket == bucket) {
			list_remove(&waiter->node);
			lock_release(&bucket->lock);
			return waiter->progress == WAITER_WOKEN;
		}
		lock_release(&bucket->lock);
	}
}

static inline uint32_t progress(const struct futex_waiter *waiter)
{
	return __atomic_load_n(&waiter->progress, __ATOMIC_ACQUIRE);
}

/* STATUS_OK: woken. */
static inline __attribute__((always_inline)) status_t sleep(const struct futex_waiter *waiter,
							    uint64_t deadline_ns)
{
	for (;;) {
		sched_prepare();
		if (progress(waiter) != WAITER_ASLEEP) {
			return STATUS_OK;
		}
		if (thread_is_ending(waiter->thread)) {
			return STATUS_EINTR;
		}
		if (deadline_ns != FUTEX_NO_DEADLINE && clock_now_ns() >= deadline_ns) {
			return STATUS_ETIMEDOUT;
		}
		sched_block();
		if (LIKELY(progress(waiter) == WAITER_RELEASED)) {
			return STATUS_OK;
		}
	}
}

static __attribute__((noinline)) status_t sleep_until(const struct futex_waiter *waiter,
						      uint64_t deadline_ns)
{
	struct timer timer;
	status_t status;

	timer_start(&timer, deadline_ns);
	status = sleep(waiter, deadline_ns);
	timer_stop(&timer);
	return status;
}

static inline status_t value_check(uva_t at, uint32_t wanted)
{
	uint32_t value;

	if (load_user_u32(at, &value)) {
		return STATUS_EFAULT;
	}
	return value == wanted ? STATUS_OK : STATUS_EAGAIN;
}

int64_t futex_wait(uva_t at, enum futex_scope scope, uint32_t value, uint32_t bits,
		   uint64_t deadline_ns)
{
	struct thread *self = thread_current();
	struct futex_waiter waiter;
	struct futex_key key;
	status_t status = futex_key_make(self, at, scope, &key);

	if (status) {
		return status;
	}
	waiter.key = key;
	waiter.thread = self;
	waiter.at = at;
	waiter.bits = bits;
	waiter.progress = WAITER_ASLEEP;
	waiter.stamp = self->futex_seen.stamp;
	/* compared behind that: who changes the word afterwards finds the waiter */
	enqueue(&waiter, bucket_of(&key));
	status = value_check(at, value);
	if (LIKELY(status == STATUS_OK)) {
		status = LIKELY(deadline_ns == FUTEX_NO_DEADLINE)
				 ? sleep(&waiter, FUTEX_NO_DEADLINE)
				 : sleep_until(&waiter, deadline_ns);
	}
	if (LIKELY(progress(&waiter) == WAITER_RELEASED)) {
		return STATUS_OK;
	}
	/* whoever woke it has counted it: a wake must not be lost to a reason that came later */
	return dequeue(&waiter) ? STATUS_OK : status;
}

/* With the bucket's lock, of the waiters of a piece, from *next on, wakes up to nr, at least 1; how
 * many. */
static inline uint32_t wake_piece(struct list **next, const struct list *end,
				  const struct futex_key *key, uint32_t nr, uint32_t bits)
{
	struct list *node = *next;
	uint32_t nr_woken = 0;

	for (unsigned i = 0; i < WAITERS_PER_PIECE && node != end; i++) {
		struct futex_waiter *waiter = LIST_ENTRY(node, struct futex_waiter, node);

		node = node->next;
		if (LIKELY(waiter->bits & bits && matches(waiter, key))) {
			wake(waiter);
			if (++nr_woken == nr) {
				break;
			}
		}
	}
	*next = node;
	return nr_woken;
}

/* The pieces after the first one. Lets go of the bucket's lock. */
static __attribute__((noinline)) uint32_t wake_rest(struct bucket *bucket, struct list *next,
						    struct futex_key key, uint32_t nr,
						    uint32_t bits)
{
	struct walk walk = {
		.bucket = bucket, .other = bucket, .next = next, .end = &bucket->waiters
	};
	uint32_t nr_woken = 0;

	while (nr_woken < nr && walk_pause(&walk)) {
		nr_woken += wake_piece(&walk.next, walk.end, &key, nr - nr_woken, bits);
	}
	walk_end(&walk);
	return nr_woken;
}

int64_t futex_wake_bits(uva_t at, enum futex_scope scope, uint32_t nr, uint32_t bits)
{
	const struct thread *self = thread_current();
	struct bucket *bucket;
	struct list *next;
	struct futex_key key;
	uint32_t nr_woken;
	status_t status = futex_key_make(self, at, scope, &key);

	if (status) {
		return status;
	}
	bucket = bucket_of(&key);
	lock_acquire(&bucket->lock);
	next = bucket->waiters.next;
	nr_woken = wake_piece(&next, &bucket->waiters, &key, nr, bits);
	if (UNLIKELY(nr_woken < nr && next != &bucket->waiters)) {
		return nr_woken + wake_rest(bucket, next, key, nr - nr_woken, bits);
	}
	lock_release(&bucket->lock);
	return nr_woken;
}

int64_t futex_wake(uva_t at, enum futex_scope scope, uint32_t nr)
{
	return futex_wake_bits(at, scope, nr, FUTEX_ALL_BITS);
}

/* Caller holds the locks of both buckets. In its own bucket it stays where it is: the walk would
 * come by again, and without end where the words are the same. */
static void move(struct futex_waiter *waiter, const struct futex_key *to_key, uva_t to,
		 struct bucket *bucket)
{
	assert(lock_is_held(&waiter->bucket->lock) && lock_is_held(&bucket->lock));
	waiter->key = *to_key;
	waiter->at = to;
	if (waiter->bucket != bucket) {
		list_remove(&waiter->node);
		list_push_back(&bucket->waiters, &waiter->node);
		/* pairs with the load in dequeue */
		__atomic_store_n(&waiter->bucket, bucket, __ATOMIC_RELEASE);
	}
}

struct requeue {
	struct futex_key from, to;
	uva_t to_at;
	uint32_t nr_wake, nr_move; /* that are left to do */
};

/* Of a piece's waiters, wakes while nr_wake are left, then moves while nr_move are. Caller holds
 * both locks. */
static void requeue_piece(struct requeue *request, struct walk *walk)
{
	struct list *node = walk->next;

	assert(lock_is_held(&walk->bucket->lock) && lock_is_held(&walk->other->lock));
	for (unsigned i = 0; i < WAITERS_PER_PIECE && node != walk->end; i++) {
		struct futex_waiter *waiter = LIST_ENTRY(node, struct futex_waiter, node);

		node = node->next;
		if (!matches(waiter, &request->from)) {
			continue;
		}
		if (request->nr_wake) {
			wake(waiter);
			request->nr_wake--;
		} else if (request->nr_move) {
			move(waiter, &request->to, request->to_at, walk->other);
			request->nr_move--;
		}
	}
	walk->next = node;
}

int64_t futex_requeue(uva_t at, uva_t to, enum futex_scope scope, uint32_t nr_wake,
		      uint32_t nr_move)
{
	const struct thread *self = thread_current();
	struct requeue wish = { .to_at = to, .nr_wake = nr_wake, .nr_move = nr_move };
	struct walk walk = { 0 };
	status_t status = futex_key_make(self, at, scope, &wish.from);

	if (status == STATUS_OK) {
		status = futex_key_make(self, to, scope, &wish.to);
	}
	if (status) {
		return status;
	}
	walk.bucket = bucket_of(&wish.from);
	walk.other = bucket_of(&wish.to);
	walk_lock(&walk);
	walk.next = walk.bucket->waiters.next;
	walk.end = &walk.bucket->waiters;
	do {
		requeue_piece(&wish, &walk);
	} while ((wish.nr_wake || wish.nr_move) && walk_pause(&walk));
	walk_end(&walk);
	return nr_wake - wish.nr_wake + nr_move - wish.nr_move;
}
