/* poll: what it says of the console, of what is no descriptor, and of time. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum {
	NO_FD = 9,
	NR_MANY = 100,
	NR_TOO_MANY = 1025,
	WAIT_MS = 20,
	MS_PER_S = 1000,
	NS_PER_MS = 1000000
};

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

/* The system call itself: the answer is no errno. */
static long poll_now(struct pollfd *fds, unsigned long nr) { return syscall(SYS_poll, fds, nr, 0); }

static int poll_closed(void *unused)
{
	struct pollfd fd = { .fd = 0, .events = POLLIN };

	(void)unused;
	close(0);
	return poll_now(&fd, 1) == 1 && fd.revents == POLLNVAL ? 0 : 1;
}

static int wait_for_ever(void *unused)
{
	struct pollfd none = { .fd = -1, .events = POLLIN };

	(void)unused;
	poll(&none, 1, -1);
	return 1;
}

static void test_found(void)
{
	struct pollfd fds[NR_MANY], one = { .fd = 1, .events = POLLOUT };
	long nr;

	tap_ok(poll_now(&one, 1) == 1 && one.revents == POLLOUT, "the console may be written to");
	for (int i = 0; i < NR_MANY; i++) {
		fds[i] = (struct pollfd){ .fd = i % 2 ? 1 : -1, .events = POLLOUT };
	}
	nr = poll_now(fds, NR_MANY);
	tap_ok(nr == NR_MANY / 2 && fds[NR_MANY - 1].revents == POLLOUT &&
		       fds[NR_MANY - 2].revents == 0,
	       "as many as have something are counted, and those without a number are passed over");
	one = (struct pollfd){ .fd = NO_FD, .events = 0 };
	tap_ok(poll_now(&one, 1) == 1 && one.revents == POLLNVAL,
	       "what is no descriptor is said to be none, unasked");
	tap_is(child_exit_code(child_run(poll_closed, NULL)), 0, "nor is one that was closed");
	tap_is(poll_now(NULL, 0), 0, "of none there is none");
	tap_ok(poll_now(fds, NR_TOO_MANY) == -1 && errno == EINVAL, "too many are EINVAL");
}

static void test_time(void)
{
	struct pollfd none = { .fd = -1, .events = POLLIN };
	long before = now_ms();
	pid_t child;

	tap_ok(poll(&none, 1, WAIT_MS) == 0 && now_ms() - before >= WAIT_MS - 1,
	       "where nothing comes the time passes");
	child = fork();
	if (child == 0) {
		_exit(wait_for_ever(NULL));
	}
	usleep(WAIT_MS * MS_PER_S);
	kill(child, SIGKILL);
	tap_is(child_signal(child_wait(child)), SIGKILL, "who waits for ever can be ended");
}

int main(void)
{
	test_found();
	test_time();
	return tap_done();
}
