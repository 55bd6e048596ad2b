/* Waiters in hashed buckets. */
#include "task/futex.h"

#include "arch/x86_64/clock.h"
#include "lib/assert.h"
#include "mm/as_word.h"
#include "mm/layout.h"
#include "mm/tlb_hw.h"
#include "mm/usercopy.h"
#include "task/futex_walk.h"
#include "task/process.h"
#include "task/sched.h"
#include "task/timer.h"

enum { NR_BUCKETS = 256, WORD_BYTES = 4 };

static struct bucket buckets[NR_BUCKETS];

void futex_init(void)
{
	for (unsigned i = 0; i < NR_BUCKETS; i++) {
		lock_init(&buckets[i].lock, "futex", RANK_futex);
		list_init(&buckets[i].waiters);
	}
}

static struct futex_stamp futex_stamp(const struct as *as)
{
	return (struct futex_stamp){ as->root.pfn, tlb_hw_generation(as->root.pfn) };
}

static bool futex_stamp_is_current(const struct futex_stamp *stamp, const struct as *as)
{
	struct futex_stamp now = futex_stamp(as);

	return now.generation == stamp->generation && now.root == stamp->root;
}

/* A word that anybody may mean. Blocks: a page of shared memory that is not there yet comes. */
static __attribute__((noinline)) status_t key_look(struct as *as, uva_t at, struct futex_key *out)
{
	struct futex_seen *seen = &thread_current()->futex_seen;
	struct futex_stamp stamp = futex_stamp(as);
	enum word_sharing sharing;
	pfn_t frame;
	status_t status = as_word(as, at, &sharing, &frame);

	if (UNLIKELY(status == STATUS_EAGAIN)) {
		status = as_word_fill(as, at, &sharing, &frame);
	}
	if (status) {
		return status;
	}
	if (sharing == WORD_PRIVATE) {
		*out = (struct futex_key){ as, at.uva | KEY_ANY };
		return STATUS_OK;
	}
	*out = (struct futex_key){ NULL, pfn_to_pa(frame).pa | (at.uva & (PAGE_SIZE - 1)) };
	*seen = (struct futex_seen){ stamp, at.uva, out->where };
	return STATUS_OK;
}

static inline __attribute__((always_inline)) status_t key_make(uva_t at, enum futex_scope scope,
							       struct futex_key *out)
{
	struct thread *self = thread_current();
	struct as *as = self->process->as;

	if (!is_aligned(at.uva, WORD_BYTES)) {
		return STATUS_EINVAL;
	}
	if (!user_range_ok(at, WORD_BYTES)) {
		return STATUS_EFAULT;
	}
	if (scope == FUTEX_THREADS) {
		*out = (struct futex_key){ as, at.uva };
		return STATUS_OK;
	}
	if (self->futex_seen.at != at.uva || !futex_stamp_is_current(&self->futex_seen.stamp, as)) {
		return key_look(as, at, out);
	}
	*out = (struct futex_key){ NULL, self->futex_seen.where };
	return STATUS_OK;
}

status_t futex_check(uva_t at, enum futex_scope scope)
{
	struct futex_key unused;

	return key_make(at, scope, &unused);
}

static struct bucket *bucket_of(const struct futex_key *key)
{
	uint64_t hash = ((uint64_t)key->as >> 4) + (key->where >> 2);

	/* Fibonacci hashing: the upper bits are the mixed ones */
	return &buckets[(hash * 0x9e3779b97f4a7c15ul) >> 56];
}

/* Is the waiter's word still in that frame? */
static __attribute__((noinline)) bool is_there(struct futex_waiter *waiter)
{
	struct as *as = waiter->thread->process->as;
	struct futex_stamp stamp = futex_stamp(as);
	enum word_sharing sharing;
	pfn_t frame;

	if (as_word(as, waiter->at, &sharing, &frame) || sharing != WORD_SHARED ||
	    frame.pfn != waiter->key.where >> PAGE_SHIFT) {
		return false;
	}
	waiter->stamp = stamp;
	return true;
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
	return key->as || futex_stamp_is_current(&waiter->stamp, waiter->thread->process->as) ||
	       is_there(waiter);
}

/* Caller holds the bucket's lock, which keeps the waiter's thread from going on. */
static void wake(struct futex_waiter *waiter)
{
	assert(lock_is_held(&waiter->bucket->lock));
	list_remove(&waiter->node);
	/* pairs with the load in wait_until_woken */
	__atomic_store_n(&waiter->is_woken, true, __ATOMIC_RELEASE);
	sched_wake(waiter->thread);
}

static void enqueue(struct futex_waiter *waiter)
{
	waiter->bucket = bucket_of(&waiter->key);
	lock_acquire(&waiter->bucket->lock);
	list_push_back(&waiter->bucket->waiters, &waiter->node);
	lock_release(&waiter->bucket->lock);
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
			return waiter->is_woken;
		}
		lock_release(&bucket->lock);
	}
}

static status_t wait_until_woken(const struct futex_waiter *waiter, uint64_t deadline_ns)
{
	for (;;) {
		sched_prepare();
		if (__atomic_load_n(&waiter->is_woken, __ATOMIC_ACQUIRE)) {
			return STATUS_OK;
		}
		if (thread_must_exit()) {
			return STATUS_EINTR;
		}
		if (deadline_ns != FUTEX_NO_DEADLINE && clock_now_ns() >= deadline_ns) {
			return STATUS_ETIMEDOUT;
		}
		sched_block();
	}
}

static status_t wait_with_timer(const struct futex_waiter *waiter, uint64_t deadline_ns)
{
	struct timer timer;
	status_t status;

	if (deadline_ns == FUTEX_NO_DEADLINE) {
		return wait_until_woken(waiter, deadline_ns);
	}
	timer_start(&timer, deadline_ns);
	status = wait_until_woken(waiter, deadline_ns);
	timer_stop(&timer);
	return status;
}

static status_t value_check(uva_t at, uint32_t wanted)
{
	uint32_t value;

	if (load_user_u32(at, &value)) {
		return STATUS_EFAULT;
	}
	return value == wanted ? STATUS_OK : STATUS_EAGAIN;
}

status_t futex_wait(const struct futex_wait *wait)
{
	struct thread *self = thread_current();
	struct futex_waiter waiter;
	status_t status = key_make(wait->at, wait->scope, &waiter.key);

	if (status) {
		return status;
	}
	waiter.thread = self;
	waiter.at = wait->at;
	waiter.bits = wait->bits;
	waiter.is_woken = false;
	waiter.stamp = self->futex_seen.stamp;
	/* compared behind that: who changes the word afterwards finds the waiter */
	enqueue(&waiter);
	status = value_check(wait->at, wait->value);
	if (status == STATUS_OK) {
		status = wait_with_timer(&waiter, wait->deadline_ns);
	}
	/* whoever woke it has counted it: a wake must not be lost to a reason that came later */
	return dequeue(&waiter) ? STATUS_OK : status;
}

int64_t futex_wake_bits(uva_t at, enum futex_scope scope, uint32_t nr, uint32_t bits)
{
	struct futex_waiter *waiter;
	struct bucket *bucket;
	struct walk walk;
	struct futex_key key;
	uint32_t nr_woken = 0;
	status_t status = key_make(at, scope, &key);

	if (status) {
		return status;
	}
	bucket = bucket_of(&key);
	walk_begin(&walk, bucket, bucket);
	while (nr_woken < nr && (waiter = walk_next(&walk))) {
		if (waiter->bits & bits && matches(waiter, &key)) {
			wake(waiter);
			nr_woken++;
		}
	}
	walk_end(&walk);
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

int64_t futex_requeue(uva_t at, uva_t to, enum futex_scope scope, uint32_t nr_wake,
		      uint32_t nr_move)
{
	struct futex_key from_key, to_key;
	struct futex_waiter *waiter;
	struct bucket *to_bucket;
	struct walk walk;
	uint32_t nr_woken = 0, nr_moved = 0;
	status_t status = key_make(at, scope, &from_key);

	if (status == STATUS_OK) {
		status = key_make(to, scope, &to_key);
	}
	if (status) {
		return status;
	}
	to_bucket = bucket_of(&to_key);
	walk_begin(&walk, bucket_of(&from_key), to_bucket);
	while ((nr_woken < nr_wake || nr_moved < nr_move) && (waiter = walk_next(&walk))) {
		if (!matches(waiter, &from_key)) {
			continue;
		}
		if (nr_woken < nr_wake) {
			wake(waiter);
			nr_woken++;
		} else {
			move(waiter, &to_key, to, to_bucket);
			nr_moved++;
		}
	}
	walk_end(&walk);
	return nr_woken + nr_moved;
}
