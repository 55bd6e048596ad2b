/* The futex call. */
#include "arch/x86_64/clock.h"
#include "mm/usercopy.h"
#include "task/futex.h"
#include "task/sys_time.h"
#include "task/syscall.h"

/* Linux's operations and flags. */
enum {
	OP_WAIT = 0,
	OP_WAKE = 1,
	OP_REQUEUE = 3,
	OP_CMP_REQUEUE = 4,
	OP_WAIT_BITSET = 9,
	OP_WAKE_BITSET = 10,
	OP_PRIVATE = 128,
	OP_CLOCK_REALTIME = 256, /* the time of day is that since boot, so nothing differs */
	OP_FLAGS = OP_PRIVATE | OP_CLOCK_REALTIME,
};

static status_t deadline_load(uint64_t timeout_at, bool is_absolute, uint64_t *deadline_ns)
{
	uint64_t ns;
	status_t status;

	*deadline_ns = FUTEX_NO_DEADLINE;
	if (!timeout_at) {
		return STATUS_OK;
	}
	status = timespec_load((uva_t){ timeout_at }, &ns);
	if (status == STATUS_OK) {
		*deadline_ns = is_absolute ? ns : clock_now_ns() + ns;
	}
	return status;
}

static int64_t wait(uint64_t at, enum futex_scope scope, uint32_t value, uint32_t bits,
		    uint64_t timeout_at, bool is_absolute)
{
	struct futex_wait wait = { .at = { at }, .scope = scope, .value = value, .bits = bits };
	status_t status = deadline_load(timeout_at, is_absolute, &wait.deadline_ns);

	return status ? status : futex_wait(&wait);
}

/* A count that is negative means none. */
static uint32_t count_of(uint64_t argument)
{
	return (int32_t)argument < 0 ? 0 : (uint32_t)argument;
}

/*
 * The word is compared before the waiters are looked at, not at the same time: a change in between
 * moves waiters that came with it, and they are woken too early, which they expect.
 */
static int64_t compare_and_requeue(uva_t at, uva_t to, enum futex_scope scope, uint64_t nr_wake,
				   uint64_t nr_move, uint32_t wanted)
{
	uint32_t value;

	if (!is_aligned(at.uva, sizeof(value))) {
		return STATUS_EINVAL;
	}
	if (load_user_u32(at, &value)) {
		return STATUS_EFAULT;
	}
	if (value != wanted) {
		return STATUS_EAGAIN;
	}
	return futex_requeue(at, to, scope, count_of(nr_wake), count_of(nr_move));
}

int64_t sys_futex(uint64_t at, uint64_t operation, uint64_t value, uint64_t timeout_or_count,
		  uint64_t to, uint64_t bits)
{
	enum futex_scope scope = operation & OP_PRIVATE ? FUTEX_THREADS : FUTEX_ANY;
	uva_t word = { at };

	switch ((uint32_t)operation & ~(uint32_t)OP_FLAGS) {
	case OP_WAIT:
		return wait(at, scope, (uint32_t)value, FUTEX_ALL_BITS, timeout_or_count, false);
	case OP_WAIT_BITSET:
		return (uint32_t)bits ? wait(at, scope, (uint32_t)value, (uint32_t)bits,
					     timeout_or_count, true)
				      : STATUS_EINVAL;
	case OP_WAKE: return futex_wake(word, scope, count_of(value));
	case OP_WAKE_BITSET:
		return (uint32_t)bits
			       ? futex_wake_bits(word, scope, count_of(value), (uint32_t)bits)
			       : STATUS_EINVAL;
	case OP_REQUEUE:
		return futex_requeue(word, (uva_t){ to }, scope, count_of(value),
				     count_of(timeout_or_count));
	case OP_CMP_REQUEUE:
		return compare_and_requeue(word, (uva_t){ to }, scope, value, timeout_or_count,
					   (uint32_t)bits);
	default: return STATUS_ENOSYS;
	}
}
