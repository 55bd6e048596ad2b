/* Time calls. */
#include "task/call/sys_time.h"

#include "arch/x86_64/device/clock.h"
#include "mm/as/usercopy.h"
#include "task/call/syscall.h"
#include "task/process/process.h"
#include "task/sched/alarm.h"
#include "task/sched/run_time.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"

/* Linux's clocks. */
enum clock {
	CLOCK_REALTIME = 0,
	CLOCK_MONOTONIC = 1,
	CLOCK_PROCESS_CPUTIME = 2,
	CLOCK_THREAD_CPUTIME = 3,
	CLOCK_MONOTONIC_RAW = 4,
	CLOCK_REALTIME_COARSE = 5,
	CLOCK_MONOTONIC_COARSE = 6,
	CLOCK_BOOTTIME = 7,
	CLOCK_TAI = 11, /* as Linux has it before somebody tells it the leap seconds */
};
/* A negative number is the processor time of a process or thread: its complement is the id, and the
 * kind below that. */
enum {
	CPU_CLOCK_SHIFT = 3,
	CPU_CLOCK_OF_THREAD = 4,
	CPU_CLOCK_KIND = 3,
	CPU_CLOCK_VIRTUAL = 1,
	CPU_CLOCK_KINDS = 3
};
enum { TIMER_ABSTIME = 1, RESOLUTION_NS = 1 };

#define NS_PER_S 1000000000ul
#define NS_PER_US 1000ul

/* In ticks of the TSC. EINVAL: whose it would be is not there. */
static status_t thread_ticks(uint32_t tid, uint64_t *ticks)
{
	const struct thread *thread;

	lock_acquire(&process_lock);
	thread = tid ? process_find_thread(tid) : thread_current();
	/* as on Linux only of the caller's own process */
	if (thread && thread->process == process_current()) {
		*ticks = sched_run_time(thread);
	} else {
		thread = NULL;
	}
	lock_release(&process_lock);
	return thread ? STATUS_OK : STATUS_EINVAL;
}

static status_t process_ticks(uint32_t pid, uint64_t *ticks)
{
	const struct process *process;

	lock_acquire(&process_lock);
	process = pid ? process_find(pid) : process_current();
	if (process) {
		*ticks = process_run_time(process);
	}
	lock_release(&process_lock);
	return process ? STATUS_OK : STATUS_EINVAL;
}

static status_t cpu_clock_read(int32_t id, uint64_t *ns)
{
	uint32_t whose = ~(uint32_t)(id >> CPU_CLOCK_SHIFT), kind = (uint32_t)id & CPU_CLOCK_KIND;
	uint64_t ticks;
	status_t status;

	/* time in user mode alone is not counted */
	if (kind >= CPU_CLOCK_KINDS || kind == CPU_CLOCK_VIRTUAL) {
		return STATUS_EINVAL;
	}
	status = id & CPU_CLOCK_OF_THREAD ? thread_ticks(whose, &ticks)
					  : process_ticks(whose, &ticks);
	if (status == STATUS_OK) {
		*ns = sched_ticks_to_ns(ticks);
	}
	return status;
}

static status_t clock_read(int32_t id, uint64_t *ns)
{
	uint64_t ticks;
	status_t status;

	if (id < 0) {
		return cpu_clock_read(id, ns);
	}
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_TAI: *ns = clock_realtime_ns(); return STATUS_OK;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME: *ns = clock_now_ns(); return STATUS_OK;
	case CLOCK_PROCESS_CPUTIME:
	case CLOCK_THREAD_CPUTIME:
		status = id == CLOCK_PROCESS_CPUTIME ? process_ticks(0, &ticks)
						     : thread_ticks(0, &ticks);
		*ns = status ? 0 : sched_ticks_to_ns(ticks);
		return status;
	default: return STATUS_EINVAL;
	}
}

/* struct timespec: seconds, nanoseconds */
static status_t timespec_store(uva_t at, uint64_t ns)
{
	const uint64_t words[2] = { ns / NS_PER_S, ns % NS_PER_S };

	return copy_to_user(at, words, sizeof(words));
}

status_t timespec_load(uva_t at, uint64_t *ns)
{
	uint64_t words[2];

	if (copy_from_user(words, at, sizeof(words))) {
		return STATUS_EFAULT;
	}
	if ((int64_t)words[0] < 0 || words[1] >= NS_PER_S) {
		return STATUS_EINVAL;
	}
	*ns = words[0] >= NS_FOREVER / NS_PER_S ? NS_FOREVER : words[0] * NS_PER_S + words[1];
	return STATUS_OK;
}

int64_t sys_clock_gettime(uint64_t id, uint64_t at)
{
	uint64_t ns;
	status_t status = clock_read((int32_t)id, &ns);

	return status ? status : timespec_store((uva_t){ at }, ns);
}

int64_t sys_clock_getres(uint64_t id, uint64_t at)
{
	uint64_t ns;
	status_t status = clock_read((int32_t)id, &ns);

	if (status || !at) {
		return status;
	}
	return timespec_store((uva_t){ at }, RESOLUTION_NS);
}

/* The time zone is that of Greenwich. */
int64_t sys_gettimeofday(uint64_t at, uint64_t zone_at)
{
	uint64_t ns = clock_realtime_ns();
	const uint64_t words[2] = { ns / NS_PER_S, ns % NS_PER_S / NS_PER_US };

	if ((at && copy_to_user((uva_t){ at }, words, sizeof(words))) ||
	    (zone_at && zero_user((uva_t){ zone_at }, sizeof(uint64_t)))) {
		return STATUS_EFAULT;
	}
	return STATUS_OK;
}

int64_t sys_time(uint64_t at)
{
	uint64_t seconds = clock_realtime_ns() / NS_PER_S;

	return at && store_user_u64((uva_t){ at }, seconds) ? STATUS_EFAULT : (int64_t)seconds;
}

static status_t sleep(uva_t wanted_at, uva_t left_at, enum clock clock, bool is_absolute)
{
	uint64_t wanted_ns, deadline_ns, now_ns;
	status_t status = timespec_load(wanted_at, &wanted_ns);

	if (status) {
		return status;
	}
	if (!is_absolute) {
		deadline_ns = clock_now_ns() + wanted_ns;
	} else {
		deadline_ns = clock == CLOCK_REALTIME || clock == CLOCK_TAI
				      ? clock_of_realtime(wanted_ns)
				      : wanted_ns;
	}
	timer_sleep_until(deadline_ns);
	now_ns = clock_now_ns();
	if (now_ns >= deadline_ns) {
		return STATUS_OK;
	}
	if (left_at.uva && !is_absolute && timespec_store(left_at, deadline_ns - now_ns)) {
		return STATUS_EFAULT;
	}
	return STATUS_EINTR;
}

int64_t sys_nanosleep(uint64_t wanted_at, uint64_t left_at)
{
	return sleep((uva_t){ wanted_at }, (uva_t){ left_at }, CLOCK_MONOTONIC, false);
}

/* A thread that waits until it has run: as Linux says, that is nothing to wait for. */
static bool is_own_thread(int32_t id)
{
	uint32_t whose = ~(uint32_t)(id >> CPU_CLOCK_SHIFT);

	return id < 0 && id & CPU_CLOCK_OF_THREAD && (whose == 0 || whose == thread_current()->tid);
}

/* A clock that tells a time, and does not wake anybody: EOPNOTSUPP. */
int64_t sys_clock_nanosleep(uint64_t id, uint64_t flags, uint64_t wanted_at, uint64_t left_at)
{
	uint64_t ns;

	switch ((int32_t)id) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return sleep((uva_t){ wanted_at }, (uva_t){ left_at }, (enum clock)id,
			     flags & TIMER_ABSTIME);
	default:
		return clock_read((int32_t)id, &ns) || is_own_thread((int32_t)id)
			       ? STATUS_EINVAL
			       : STATUS_EOPNOTSUPP;
	}
}

/* ---- Alarms ---- */

enum { ITIMER_REAL = 0 };

#define NS_PER_S 1000000000ul
#define NS_PER_US 1000ul

/* Linux's struct timeval. */
struct time_value {
	int64_t s, us;
};
/* Linux's struct itimerval. */
struct timer_value {
	struct time_value every, left;
};

static status_t ns_of(const struct time_value *value, uint64_t *ns)
{
	if (value->s < 0 || value->us < 0 || value->us >= (int64_t)(NS_PER_S / NS_PER_US)) {
		return STATUS_EINVAL;
	}
	*ns = (uint64_t)value->s >= NS_FOREVER / NS_PER_S
		      ? NS_FOREVER
		      : (uint64_t)value->s * NS_PER_S + (uint64_t)value->us * NS_PER_US;
	return STATUS_OK;
}

/* Rounded up: what is left is not nothing. */
static struct time_value value_of(uint64_t ns)
{
	uint64_t us = (ns + NS_PER_US - 1) / NS_PER_US;

	return (struct time_value){ (int64_t)(us / (NS_PER_S / NS_PER_US)),
				    (int64_t)(us % (NS_PER_S / NS_PER_US)) };
}

static status_t store(uint64_t at, const struct alarm *alarm)
{
	const struct timer_value value = { value_of(alarm->every_ns), value_of(alarm->left_ns) };

	return copy_to_user((uva_t){ at }, &value, sizeof(value));
}

int64_t sys_getitimer(uint64_t which, uint64_t at)
{
	struct alarm alarm;

	if ((uint32_t)which != ITIMER_REAL) {
		return STATUS_EINVAL;
	}
	alarm_get(&alarm);
	return store(at, &alarm);
}

int64_t sys_setitimer(uint64_t which, uint64_t at, uint64_t old_at)
{
	struct timer_value value = { { 0, 0 }, { 0, 0 } };
	struct alarm wish, old;
	status_t status;

	if (at && copy_from_user(&value, (uva_t){ at }, sizeof(value))) {
		return STATUS_EFAULT;
	}
	status = ns_of(&value.every, &wish.every_ns);
	if (status == STATUS_OK) {
		status = ns_of(&value.left, &wish.left_ns);
	}
	if (status || (uint32_t)which != ITIMER_REAL) {
		return STATUS_EINVAL;
	}
	alarm_set(&wish, &old);
	return old_at ? store(old_at, &old) : STATUS_OK;
}

/* Returns how many seconds were left of the one before, half ones rounded up, and not to nothing.
 */
int64_t sys_alarm(uint64_t seconds)
{
	const struct alarm wish = { .left_ns = (uint32_t)seconds * NS_PER_S };
	struct alarm old;
	uint64_t left;

	alarm_set(&wish, &old);
	left = (old.left_ns + NS_PER_S / 2) / NS_PER_S;
	return left == 0 && old.left_ns ? 1 : (int64_t)left;
}
