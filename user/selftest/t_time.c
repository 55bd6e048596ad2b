/* Clocks and sleeping. */
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "bulwark.h"
#include "tap.h"

static int64_t now_ns(clockid_t clock)
{
	struct timespec time = { 0 };

	clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static bool clock_never_goes_back(void)
{
	int64_t last = now_ns(CLOCK_MONOTONIC);

	for (int i = 0; i < 2000; i++) {
		int64_t now = now_ns(CLOCK_MONOTONIC);

		if (now < last) {
			return false;
		}
		last = now;
	}
	return true;
}

/* Setting a timer tells what was left of the one before. */
static bool timer_is_told(void)
{
	const struct itimerval first = { .it_interval = { 50, 0 }, .it_value = { 100, 0 } };
	const struct itimerval none = { 0 };
	struct itimerval at_first = { { 1, 1 }, { 1, 1 } }, running, old, at_last;

	return setitimer(ITIMER_REAL, &first, &at_first) == 0 && at_first.it_value.tv_sec == 0 &&
	       at_first.it_value.tv_usec == 0 && getitimer(ITIMER_REAL, &running) == 0 &&
	       setitimer(ITIMER_REAL, &none, &old) == 0 && running.it_interval.tv_sec == 50 &&
	       running.it_value.tv_sec > 0 && running.it_value.tv_sec <= 100 &&
	       old.it_interval.tv_sec == 50 && old.it_value.tv_sec > 0 &&
	       old.it_value.tv_sec <= 100 && getitimer(ITIMER_REAL, &at_last) == 0 &&
	       at_last.it_value.tv_sec == 0 && at_last.it_value.tv_usec == 0;
}

static int64_t sleep_takes(long ns)
{
	const struct timespec nap = { .tv_nsec = ns };
	int64_t start = now_ns(CLOCK_MONOTONIC);

	nanosleep(&nap, NULL);
	return now_ns(CLOCK_MONOTONIC) - start;
}

static long raw_sleep(long sec, long nsec)
{
	const struct timespec nap = { .tv_sec = sec, .tv_nsec = nsec };

	return syscall(SYS_nanosleep, &nap, NULL) == 0 ? 0 : errno;
}

int main(void)
{
	static const long naps_ns[] = { 1, 1000000, 15000000, 60000000 };
	struct timespec time = { 0 };
	int64_t start = now_ns(CLOCK_MONOTONIC);

	tap_ok(clock_gettime(CLOCK_MONOTONIC, &time) == 0 && time.tv_nsec >= 0 &&
		       time.tv_nsec < 1000000000,
	       "the monotonic clock tells a time");
	tap_ok(clock_gettime(CLOCK_REALTIME, &time) == 0, "the realtime clock tells a time");
	tap_ok(clock_never_goes_back(), "the monotonic clock never goes back");
	tap_ok(now_ns(CLOCK_MONOTONIC) > start, "it goes on");
	for (size_t i = 0; i < sizeof(naps_ns) / sizeof(naps_ns[0]); i++) {
		int64_t took = sleep_takes(naps_ns[i]);

		tap_ok(took >= naps_ns[i] && took < naps_ns[i] + 2000000000,
		       "a sleep of %ld ns takes that long", naps_ns[i]);
	}
	tap_is(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0,
		       &(struct timespec){ .tv_nsec = 1000 }, NULL),
	       0, "clock_nanosleep sleeps");
	tap_is(raw_sleep(0, 1000000000), EINVAL, "a second's worth of nanoseconds is EINVAL");
	tap_is(raw_sleep(0, -1), EINVAL, "negative nanoseconds are EINVAL");
	tap_is(raw_sleep(-1, 0), EINVAL, "negative seconds are EINVAL");
	tap_ok(timer_is_told(), "setting a timer tells what was left of the one before");
	tap_ok(syscall(SYS_clock_gettime, 9999, &time) == -1 && errno == EINVAL,
	       "an unknown clock is EINVAL");
	return tap_done();
}
