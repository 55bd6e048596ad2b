/* Futexes, by the call itself. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "cpus.h"
#include "tap.h"

/* Linux's. */
enum {
	WAIT = 0,
	WAKE = 1,
	REQUEUE = 3,
	CMP_REQUEUE = 4,
	WAIT_BITSET = 9,
	WAKE_BITSET = 10,
	PRIVATE = 128,
	REALTIME = 256
};
enum { NR_WAITERS = 6, NR_CROWD = 60, NR_ROUNDS = 200, NR_ROUNDS_LONG = 1000, NAP_NS = 30000000 };

static long futex(void *word, int operation, uint32_t value, const void *timeout, void *other,
		  uint32_t more)
{
	return syscall(SYS_futex, word, operation, value, timeout, other, more) < 0 ? -errno : 0;
}

/* The count that an operation returns. */
static long futex_count(void *word, int operation, uint32_t value, uintptr_t value2, void *other,
			uint32_t more)
{
	long result = syscall(SYS_futex, word, operation, value, value2, other, more);

	return result < 0 ? -errno : result;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void test_arguments(void)
{
	static uint32_t word = 5;
	const struct timespec bad = { .tv_sec = 0, .tv_nsec = 1000000000 };
	char *bytes = (char *)&word;

	tap_is(futex(&word, WAIT, 4, NULL, NULL, 0), -EAGAIN, "no wait for another value");
	tap_is(futex(&word, WAIT, 5, &bad, NULL, 0), -EINVAL, "no wait for a time that is none");
	tap_is(futex(bytes + 1, WAIT, 5, NULL, NULL, 0), -EINVAL, "no wait at half a word");
	tap_is(futex((void *)0x1000, WAIT, 5, NULL, NULL, 0), -EFAULT, "no wait where nothing is");
	tap_is(futex((void *)0xffff888000000000, WAIT | PRIVATE, 0, NULL, NULL, 0), -EFAULT,
	       "nor in the kernel");
	tap_is(futex(&word, WAIT_BITSET, 5, NULL, NULL, 0), -EINVAL, "no wait for no bits");
	tap_is(futex(&word, 77, 5, NULL, NULL, 0), -ENOSYS, "no operation that is none");
	tap_is(futex_count(&word, WAKE, 1, 0, NULL, 0), 0, "nobody waits: nobody is woken");
	tap_is(futex_count(&word, CMP_REQUEUE, 1, 1, &word, 4), -EAGAIN,
	       "no move for another value");
}

static void test_timeout(void)
{
	static uint32_t word;
	const struct timespec nap = { .tv_nsec = NAP_NS };
	struct timespec deadline;
	int64_t before = now_ns();

	tap_is(futex(&word, WAIT | PRIVATE, 0, &nap, NULL, 0), -ETIMEDOUT, "a wait times out");
	tap_ok(now_ns() - before >= NAP_NS, "and not too early");
	before = now_ns();
	/* of the time of day */
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_nsec += NAP_NS;
	deadline.tv_sec += deadline.tv_nsec / 1000000000;
	deadline.tv_nsec %= 1000000000;
	tap_is(futex(&word, WAIT_BITSET | REALTIME, 0, &deadline, NULL, 1), -ETIMEDOUT,
	       "a wait with a deadline times out");
	tap_ok(now_ns() - before >= NAP_NS, "and not too early");
	deadline.tv_sec = 0;
	tap_is(futex(&word, WAIT_BITSET, 0, &deadline, NULL, 1), -ETIMEDOUT,
	       "a deadline that has passed does not block");
}

/* Threads that wait, each for a bit of its own. */
static uint32_t word, other_word;
static int nr_woken; /* atomic */

static void *wait_once(void *bits)
{
	long result = futex(&word, WAIT_BITSET | PRIVATE, 0, NULL, NULL, (uint32_t)(uintptr_t)bits);

	__atomic_fetch_add(&nr_woken, 1, __ATOMIC_SEQ_CST);
	return (void *)result;
}

static void settle(int wanted)
{
	for (int i = 0; i < 1000 && __atomic_load_n(&nr_woken, __ATOMIC_SEQ_CST) != wanted; i++) {
		usleep(1000);
	}
	usleep(20000);
}

static int select_waiters(void *unused)
{
	pthread_t threads[NR_WAITERS];
	void *result;

	(void)unused;
	for (uintptr_t i = 0; i < NR_WAITERS; i++) {
		pthread_create(&threads[i], NULL, wait_once, (void *)(1ul << i));
	}
	usleep(50000);
	if (futex_count(&word, WAKE_BITSET | PRIVATE, 9, 0, NULL, 4) != 1) {
		return 1;
	}
	settle(1);
	if (nr_woken != 1 || futex_count(&word, WAKE | PRIVATE, 2, 0, NULL, 0) != 2) {
		return 2;
	}
	settle(3);
	/* one is woken, one moves, one stays */
	if (nr_woken != 3 || futex_count(&word, CMP_REQUEUE | PRIVATE, 1, 1, &other_word, 0) != 2) {
		return 3;
	}
	settle(4);
	if (nr_woken != 4 || futex_count(&other_word, WAKE | PRIVATE, 9, 0, NULL, 0) != 1) {
		return 4;
	}
	settle(5);
	if (nr_woken != 5 || futex_count(&word, REQUEUE | PRIVATE, 0, 9, &other_word, 0) != 1) {
		return 5;
	}
	if (futex_count(&word, WAKE | PRIVATE, 9, 0, NULL, 0) != 0 ||
	    futex_count(&other_word, WAKE | PRIVATE, 9, 0, NULL, 0) != 1) {
		return 6;
	}
	for (int i = 0; i < NR_WAITERS; i++) {
		pthread_join(threads[i], &result);
		if (result != NULL) {
			return 7;
		}
	}
	return 0;
}

/* More than the kernel looks at with the bucket's lock held: docs/calls.md. */
static int many_waiters(void *unused)
{
	pthread_t threads[NR_CROWD];

	(void)unused;
	for (int i = 0; i < NR_CROWD; i++) {
		pthread_create(&threads[i], NULL, wait_once, (void *)1ul);
	}
	usleep(100000);
	if (futex_count(&word, WAKE | PRIVATE, NR_CROWD / 2, 0, NULL, 0) != NR_CROWD / 2) {
		return 1;
	}
	settle(NR_CROWD / 2);
	/* all but one move */
	if (nr_woken != NR_CROWD / 2 || futex_count(&word, REQUEUE | PRIVATE, 0, NR_CROWD / 2 - 1,
						    &other_word, 0) != NR_CROWD / 2 - 1) {
		return 2;
	}
	if (futex_count(&word, WAKE | PRIVATE, NR_CROWD, 0, NULL, 0) != 1 ||
	    futex_count(&other_word, WAKE | PRIVATE, NR_CROWD, 0, NULL, 0) != NR_CROWD / 2 - 1) {
		return 3;
	}
	for (int i = 0; i < NR_CROWD; i++) {
		pthread_join(threads[i], NULL);
	}
	return nr_woken == NR_CROWD ? 0 : 4;
}

static int nr_rounds;

/* Two tasks take turns through a word. */
struct pair {
	uint32_t turn;
	uint32_t nr_turns;
};

static void take_turns(struct pair *pair, uint32_t mine, int flags)
{
	for (int i = 0; i < nr_rounds; i++) {
		while (__atomic_load_n(&pair->turn, __ATOMIC_SEQ_CST) != mine) {
			futex(&pair->turn, WAIT | flags, !mine, NULL, NULL, 0);
		}
		pair->nr_turns++;
		__atomic_store_n(&pair->turn, !mine, __ATOMIC_SEQ_CST);
		futex_count(&pair->turn, WAKE | flags, 1, 0, NULL, 0);
	}
}

static void *partner_thread(void *pair)
{
	take_turns(pair, 1, PRIVATE);
	return NULL;
}

static int turns_of_threads(void *unused)
{
	static struct pair pair;
	pthread_t thread;

	(void)unused;
	pthread_create(&thread, NULL, partner_thread, &pair);
	take_turns(&pair, 0, PRIVATE);
	pthread_join(thread, NULL);
	return pair.nr_turns == 2 * (uint32_t)nr_rounds ? 0 : 1;
}

/* The partner sees the word at another address. */
static int turns_of_processes(void *unused)
{
	char *pages = mmap(NULL, 2 * BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct pair *pair = (struct pair *)(pages + BW_PAGE_SIZE);
	pid_t child;
	int status;

	(void)unused;
	child = fork();
	if (child == 0) {
		cpus_pin(cpus_count() - 1);
		take_turns(pair, 1, 0);
		_exit(0);
	}
	take_turns(pair, 0, 0);
	return waitpid(child, &status, 0) == child && status == 0 &&
			       pair->nr_turns == 2 * (uint32_t)nr_rounds
		       ? 0
		       : 1;
}

/* A private word is the address space's own, even where a child has the same address. */
static int private_words(void *unused)
{
	static uint32_t own;
	pid_t child = fork();
	int status;
	long nr;

	(void)unused;
	if (child == 0) {
		const struct timespec nap = { .tv_nsec = NAP_NS * 4 };

		_exit(futex(&own, WAIT, 0, &nap, NULL, 0) == -ETIMEDOUT ? 0 : 1);
	}
	usleep(NAP_NS / 1000);
	nr = futex_count(&own, WAKE, 9, 0, NULL, 0);
	waitpid(child, &status, 0);
	return nr == 0 && status == 0 ? 0 : 1;
}

static int wait_for_ever(void *unused)
{
	(void)unused;
	futex(&word, WAIT, 0, NULL, NULL, 0);
	return 0;
}

static void test_kill(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		_exit(wait_for_ever(NULL));
	}
	usleep(NAP_NS / 1000);
	kill(child, SIGKILL);
	status = child_wait(child);
	tap_is(child_signal(status), SIGKILL, "who waits can be killed");
}

/* The word's memory goes while somebody waits for it. */
static void *unmap_soon(void *page)
{
	usleep(NAP_NS / 1000);
	munmap(page, BW_PAGE_SIZE);
	return NULL;
}

static int wait_without_memory(void *flags)
{
	const struct timespec nap = { .tv_nsec = NAP_NS * 2 };
	uint32_t *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_ANONYMOUS | (flags ? MAP_SHARED : MAP_PRIVATE), -1, 0);
	pthread_t thread;

	pthread_create(&thread, NULL, unmap_soon, page);
	if (futex(page, WAIT, 0, &nap, NULL, 0) != -ETIMEDOUT) {
		return 1;
	}
	pthread_join(thread, NULL);
	return futex_count(page, WAKE, 1, 0, NULL, 0) == -EFAULT ? 0 : 2;
}

int main(int argc, char **argv)
{
	(void)argv;
	nr_rounds = tap_rounds(argc, NR_ROUNDS, NR_ROUNDS_LONG);
	test_arguments();
	test_timeout();
	tap_is(child_run(select_waiters, NULL), 0, "the right waiters are woken, and moved");
	tap_is(child_run(many_waiters, NULL), 0, "all of many waiters are woken, and moved");
	tap_is(child_run(turns_of_threads, NULL), 0, "two threads take turns");
	tap_is(child_run(turns_of_processes, NULL), 0, "two processes take turns");
	tap_is(child_run(private_words, NULL), 0, "private memory has waiters of its own");
	test_kill();
	tap_is(child_run(wait_without_memory, NULL), 0, "private memory may go meanwhile");
	tap_is(child_run(wait_without_memory, &word), 0, "shared memory, too");
	return tap_done();
}
