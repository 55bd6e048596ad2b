/* Time calls. The machine's clock is not read, so the time of day is that since boot. */
#include "task/sys_time.h"

#include "arch/x86_64/clock.h"
#include "mm/usercopy.h"
#include "task/process.h"
#include "task/sched.h"
#include "task/syscall.h"
#include "task/timer.h"

/* Linux's clocks. */
enum {
	CLOCK_REALTIME = 0,
	CLOCK_MONOTONIC = 1,
	CLOCK_PROCESS_CPUTIME = 2,
	CLOCK_THREAD_CPUTIME = 3,
	CLOCK_MONOTONIC_RAW = 4,
	CLOCK_REALTIME_COARSE = 5,
	CLOCK_MONOTONIC_COARSE = 6,
	CLOCK_BOOTTIME = 7,
};
enum { TIMER_ABSTIME = 1 };

#define NS_PER_S 1000000000ul

static status_t clock_read(uint64_t id, uint64_t *ns)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME: *ns = clock_now_ns(); return STATUS_OK;
	case CLOCK_PROCESS_CPUTIME:
	case CLOCK_THREAD_CPUTIME: *ns = sched_cpu_ns(); return STATUS_OK;
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
	status_t status = clock_read((uint32_t)id, &ns);

	return status ? status : timespec_store((uva_t){ at }, ns);
}

static status_t sleep(uva_t wanted_at, uva_t left_at, bool is_absolute)
{
	uint64_t wanted_ns, deadline_ns, now_ns;
	status_t status = timespec_load(wanted_at, &wanted_ns);

	if (status) {
		return status;
	}
	deadline_ns = is_absolute ? wanted_ns : clock_now_ns() + wanted_ns;
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
	return sleep((uva_t){ wanted_at }, (uva_t){ left_at }, false);
}

int64_t sys_clock_nanosleep(uint64_t id, uint64_t flags, uint64_t wanted_at, uint64_t left_at)
{
	if ((id != CLOCK_REALTIME && id != CLOCK_MONOTONIC && id != CLOCK_BOOTTIME) ||
	    flags & ~(uint64_t)TIMER_ABSTIME) {
		return STATUS_EINVAL;
	}
	return sleep((uva_t){ wanted_at }, (uva_t){ left_at }, flags & TIMER_ABSTIME);
}
