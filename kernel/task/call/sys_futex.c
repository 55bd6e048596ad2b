/* The futex call. */
#include "arch/x86_64/device/clock.h"
#include "mm/as/usercopy.h"
#include "task/call/sys_time.h"
#include "task/call/syscall.h"
#include "task/ipc/futex.h"

/* Linux's operations and flags. */
enum {
	OP_WAIT = 0,
	OP_WAKE = 1,
	OP_REQUEUE = 3,
	OP_CMP_REQUEUE = 4,
	OP_WAIT_BITSET = 9,
	OP_WAKE_BITSET = 10,
	OP_PRIVATE = 128,
	OP_CLOCK_REALTIME = 256, /* an absolute deadline is one of the time of day */
	OP_FLAGS = OP_PRIVATE | OP_CLOCK_REALTIME,
};

/* Only waits have one; of WAIT it is relative. For others *deadline_ns stays. */
static status_t deadline_load(uint32_t operation, uint64_t timeout_at, uint64_t *deadline_ns)
{
	uint32_t command = operation & ~(uint32_t)OP_FLAGS;
	uint64_t ns;
	status_t status;

	if (command != OP_WAIT && command != OP_WAIT_BITSET) {
		return STATUS_OK;
	}
	status = timespec_load((uva_t){ timeout_at }, &ns);
	if (status) {
		return status;
	}
	if (command == OP_WAIT) {
		*deadline_ns = clock_now_ns() + ns;
	} else {
		*deadline_ns = operation & OP_CLOCK_REALTIME ? clock_of_realtime(ns) : ns;
	}
	return STATUS_OK;
}

static int64_t wait(uva_t at, enum futex_scope scope, uint32_t value, uint32_t bits,
		    uint64_t deadline_ns)
{
	return bits ? futex_wait(at, scope, value, bits, deadline_ns) : STATUS_EINVAL;
}

/* A wake wakes one at least, as Linux's does. */
static int64_t wake(uva_t at, enum futex_scope scope, uint64_t count, uint32_t bits)
{
	uint32_t nr = (int32_t)count > 0 ? (uint32_t)count : 1;

	return bits ? futex_wake_bits(at, scope, nr, bits) : STATUS_EINVAL;
}

static int64_t requeue(uva_t at, uva_t to, enum futex_scope scope, uint64_t nr_wake,
		       uint64_t nr_move)
{
	if ((int32_t)nr_wake < 0 || (int32_t)nr_move < 0) {
		return STATUS_EINVAL;
	}
	return futex_requeue(at, to, scope, (uint32_t)nr_wake, (uint32_t)nr_move);
}

/*
 * The word is compared before the waiters are looked at, not at the same time: a change in between
 * moves waiters that came with it, and they are woken too early, which they expect.
 */
static int64_t compare_and_requeue(uva_t at, uva_t to, enum futex_scope scope, uint64_t nr_wake,
				   uint64_t nr_move, uint32_t wanted)
{
	uint32_t value;
	status_t status;

	if ((int32_t)nr_wake < 0 || (int32_t)nr_move < 0) {
		return STATUS_EINVAL;
	}
	status = futex_check(at, scope);
	if (status == STATUS_OK) {
		status = futex_check(to, scope);
	}
	if (status) {
		return status;
	}
	if (load_user_u32(at, &value)) {
		return STATUS_EFAULT;
	}
	if (value != wanted) {
		return STATUS_EAGAIN;
	}
	return requeue(at, to, scope, nr_wake, nr_move);
}

/* With all that a call may say. */
static __attribute__((noinline)) int64_t perform(uint64_t at, uint64_t operation, uint64_t value,
						 uint64_t timeout_or_count, uint64_t to,
						 uint64_t bits)
{
	enum futex_scope scope = operation & OP_PRIVATE ? FUTEX_THREADS : FUTEX_ANY;
	uint32_t command = (uint32_t)operation & ~(uint32_t)OP_FLAGS;
	uva_t word = { at };
	uint64_t deadline_ns = FUTEX_NO_DEADLINE;

	if (timeout_or_count) {
		status_t status =
			deadline_load((uint32_t)operation, timeout_or_count, &deadline_ns);

		if (status) {
			return status;
		}
	}
	if (operation & OP_CLOCK_REALTIME && command != OP_WAIT_BITSET) {
		return STATUS_ENOSYS;
	}
	switch (command) {
	case OP_WAIT: return wait(word, scope, (uint32_t)value, FUTEX_ALL_BITS, deadline_ns);
	case OP_WAIT_BITSET: return wait(word, scope, (uint32_t)value, (uint32_t)bits, deadline_ns);
	case OP_WAKE_BITSET: return wake(word, scope, value, (uint32_t)bits);
	case OP_REQUEUE: return requeue(word, (uva_t){ to }, scope, value, timeout_or_count);
	case OP_CMP_REQUEUE:
		return compare_and_requeue(word, (uva_t){ to }, scope, value, timeout_or_count,
					   (uint32_t)bits);
	default: return STATUS_ENOSYS;
	}
}

/* What locks are made of comes first: a wait without a timeout, and a wake. */
int64_t sys_futex(uint64_t at, uint64_t operation, uint64_t value, uint64_t timeout_or_count,
		  uint64_t to, uint64_t bits)
{
	enum futex_scope scope = operation & OP_PRIVATE ? FUTEX_THREADS : FUTEX_ANY;
	uint32_t command = (uint32_t)operation & ~(uint32_t)OP_PRIVATE;

	if (command == OP_WAKE) {
		return wake((uva_t){ at }, scope, value, FUTEX_ALL_BITS);
	}
	if (command == OP_WAIT && !timeout_or_count) {
		return wait((uva_t){ at }, scope, (uint32_t)value, FUTEX_ALL_BITS,
			    FUTEX_NO_DEADLINE);
	}
	return perform(at, operation, value, timeout_or_count, to, bits);
}
