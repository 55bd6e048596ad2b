/*
 * Futexes: waiting for a word of user memory to change. Semantics are Linux's.
 *
 * The kernel never reads the word with a lock held. A waiter puts itself on the list first and
 * reads the word then: a waker that changed the word before it looked at the list finds the waiter,
 * and one that looked at the list before that has changed the word already.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/* Who can mean the same word: those that name it with the same scope. */
enum futex_scope {
	FUTEX_ANY,    /* everybody who maps its frame, if that is shared memory; else as below */
	FUTEX_THREADS /* this address space: its address says which word it is */
};

#define FUTEX_ALL_BITS UINT32_MAX
#define FUTEX_NO_DEADLINE UINT64_MAX

void futex_init(void);

/* Can the word be one? EINVAL, EFAULT. */
status_t futex_check(uva_t at, enum futex_scope scope) MUST_CHECK;

/*
 * Blocks until woken, by a waker that shares a bit with these; only while the word holds that
 * value. 0, or EAGAIN: the word holds another one; ETIMEDOUT: of clock_now_ns; EINTR: the thread
 * must end; EFAULT, EINVAL: the address.
 */
int64_t futex_wait(uva_t at, enum futex_scope scope, uint32_t value, uint32_t bits,
		   uint64_t deadline_ns) MUST_CHECK;

/* Wakes up to nr waiters, at least 1, longest waiting first; how many, or EFAULT, EINVAL. */
int64_t futex_wake_bits(uva_t at, enum futex_scope scope, uint32_t nr, uint32_t bits);
int64_t futex_wake(uva_t at, enum futex_scope scope, uint32_t nr);

/*
 * Wakes up to nr_wake waiters; up to nr_move others wait for the word at `to` from then on. How
 * many both together, or EFAULT, EINVAL.
 */
int64_t futex_requeue(uva_t at, uva_t to, enum futex_scope scope, uint32_t nr_wake,
		      uint32_t nr_move);
