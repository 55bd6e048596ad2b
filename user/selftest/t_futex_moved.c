/* Futexes in shared memory whose page goes, and another comes in its place. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

/* Linux's. */
enum { WAIT = 0, WAKE = 1 };
enum { NAP_US = 30000, LONG_NAP_NS = 400000000 };

static long wake(uint32_t *word) { return syscall(SYS_futex, word, WAKE, 1, NULL, NULL, 0); }

static long wait_a_while(uint32_t *word)
{
	const struct timespec nap = { .tv_nsec = LONG_NAP_NS };

	return syscall(SYS_futex, word, WAIT, 0, &nap, NULL, 0) ? -errno : 0;
}

static uint32_t *map_shared(uint32_t *at)
{
	int fixed = at ? MAP_FIXED : 0;

	return mmap(at, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | fixed,
		    -1, 0);
}

static void wake_until_one_was_asleep(uint32_t *word)
{
	while (wake(word) == 0) {
		usleep(1000);
	}
}

/* The child waits for the first page, twice; the parent has another one there the second time. */
static int wake_elsewhere(void *unused)
{
	uint32_t *word = map_shared(NULL);
	pid_t child = fork();
	long nr;

	(void)unused;
	while (child == 0) {
		(void)wait_a_while(word);
	}
	wake_until_one_was_asleep(word);
	wake_until_one_was_asleep(word);
	if (map_shared(word) != word) {
		return 2;
	}
	*word = 0;
	usleep(NAP_US);
	nr = wake(word);
	kill(child, SIGKILL);
	return child_signal(child_wait(child)) == SIGKILL && nr == 0 ? 0 : 1;
}

static void *wait_for_word(void *word) { return (void *)wait_a_while(word); }

/* One thread waits while another puts a page of its own there; the child has the first one still.
 */
static int wait_elsewhere(void *unused)
{
	uint32_t *word = map_shared(NULL), *turn = map_shared(NULL);
	pthread_t waiter;
	void *result;
	pid_t child;

	(void)unused;
	*word = 0;
	child = fork();
	if (child == 0) {
		wake_until_one_was_asleep(word);
		while (__atomic_load_n(turn, __ATOMIC_SEQ_CST) == 0) {
			usleep(1000);
		}
		_exit(wake(word) == 0 ? 0 : 1);
	}
	if (wait_a_while(word) || pthread_create(&waiter, NULL, wait_for_word, word)) {
		return 2;
	}
	usleep(NAP_US);
	if (map_shared(word) != word) {
		return 3;
	}
	__atomic_store_n(turn, 1, __ATOMIC_SEQ_CST);
	if (child_exit_code(child_wait(child))) {
		return 4;
	}
	pthread_join(waiter, &result);
	return (long)result == -ETIMEDOUT ? 0 : 5;
}

int main(void)
{
	tap_is(child_run(wake_elsewhere, NULL), 0, "a wake means the page that is there now");
	tap_is(child_run(wait_elsewhere, NULL), 0, "nobody wakes who waits at another page now");
	return tap_done();
}
