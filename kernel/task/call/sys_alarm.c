/* Alarm calls. No timer counts processor time: EINVAL. */
#include "mm/as/usercopy.h"
#include "task/call/sys_time.h"
#include "task/call/syscall.h"
#include "task/sched/alarm.h"

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
