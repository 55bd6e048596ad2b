/* Threads, as the C library makes them: life, locks, processors, limits. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "cpus.h"
#include "tap.h"

enum {
	NR_SERIAL = 100,
	NR_SERIAL_LONG = 300,
	NR_PARALLEL = 100,
	NR_WORKERS = 8,
	NR_ADDITIONS = 1000,
	NR_HANDS = 30,
	EXIT_RIGHT = 21,
};

static _Thread_local int own = 7;

static void *add_one(void *number)
{
	own++;
	return (void *)((intptr_t)number + (own == 8));
}

static intptr_t nr_serial;

static bool one_after_the_other(void)
{
	for (intptr_t i = 0; i < nr_serial; i++) {
		pthread_t thread;
		void *result;

		if (pthread_create(&thread, NULL, add_one, (void *)i) != 0 ||
		    pthread_join(thread, &result) != 0 || (intptr_t)result != i + 1) {
			return false;
		}
	}
	return true;
}

static bool at_the_same_time(void)
{
	static pthread_t threads[NR_PARALLEL];
	bool all = true;
	int nr = 0;

	while (nr < NR_PARALLEL &&
	       pthread_create(&threads[nr], NULL, add_one, (void *)(intptr_t)nr) == 0) {
		nr++;
	}
	for (int i = 0; i < nr; i++) {
		void *result;

		all = pthread_join(threads[i], &result) == 0 && (intptr_t)result == i + 1 && all;
	}
	return all && nr == NR_PARALLEL;
}

static sem_t detached_ran;

static void *post(void *unused)
{
	(void)unused;
	sem_post(&detached_ran);
	return NULL;
}

static bool detached(void)
{
	pthread_attr_t attributes;

	sem_init(&detached_ran, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < NR_WORKERS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, &attributes, post, NULL) != 0) {
			return false;
		}
	}
	for (int i = 0; i < NR_WORKERS; i++) {
		sem_wait(&detached_ran);
	}
	return own == 7;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long sum;
static int turn, nr_hands;

static void *add_under_lock(void *nth)
{
	cpus_pin((int)(intptr_t)nth % cpus_count());
	for (int i = 0; i < NR_ADDITIONS; i++) {
		pthread_mutex_lock(&lock);
		sum++;
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

/* Each waits for its turn and gives it to the next. */
static void *hand_round(void *nth)
{
	int mine = (int)(intptr_t)nth;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < NR_HANDS; i++) {
		while (turn != mine) {
			pthread_cond_wait(&changed, &lock);
		}
		nr_hands++;
		turn = (turn + 1) % NR_WORKERS;
		pthread_cond_broadcast(&changed);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static bool run_workers(void *(*body)(void *))
{
	pthread_t threads[NR_WORKERS];

	for (int i = 0; i < NR_WORKERS; i++) {
		if (pthread_create(&threads[i], NULL, body, (void *)(intptr_t)i) != 0) {
			return false;
		}
	}
	for (int i = 0; i < NR_WORKERS; i++) {
		pthread_join(threads[i], NULL);
	}
	return true;
}

static int locks_and_conditions(void *unused)
{
	struct timespec deadline;

	(void)unused;
	if (!run_workers(add_under_lock) || sum != (long)NR_WORKERS * NR_ADDITIONS) {
		return 1;
	}
	if (!run_workers(hand_round) || nr_hands != NR_WORKERS * NR_HANDS) {
		return 2;
	}
	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_nsec += 20000000;
	deadline.tv_sec += deadline.tv_nsec / 1000000000;
	deadline.tv_nsec %= 1000000000;
	pthread_mutex_lock(&lock);
	return pthread_cond_timedwait(&changed, &lock, &deadline) == ETIMEDOUT ? 0 : 3;
}

static int life(void *unused)
{
	(void)unused;
	return !one_after_the_other() ? 1 : !at_the_same_time() ? 2 : !detached() ? 3 : 0;
}

static void *stay_there(void *nth)
{
	int wanted;

	if (!cpus_pin((int)(intptr_t)nth % cpus_count())) {
		return (void *)1;
	}
	wanted = cpus_current();
	for (int i = 0; i < 1000; i++) {
		if (cpus_current() != wanted) {
			return (void *)2;
		}
		sched_yield();
	}
	return NULL;
}

/* Another thread is moved while it runs. */
static volatile int stop, seen_on;

static void *look_around(void *tid)
{
	*(volatile long *)tid = syscall(SYS_gettid);
	while (!stop) {
		seen_on = cpus_current();
	}
	return NULL;
}

static bool move_other(int to)
{
	cpu_set_t one;
	pthread_t thread;
	volatile long tid = 0;
	bool moved = false;

	stop = 0;
	pthread_create(&thread, NULL, look_around, (void *)&tid);
	while (tid == 0) {
		sched_yield();
	}
	CPU_ZERO(&one);
	CPU_SET(to, &one);
	moved = sched_setaffinity((pid_t)tid, sizeof(one), &one) == 0;
	for (int i = 0; i < 100000 && seen_on != to; i++) {
		sched_yield();
	}
	moved = moved && seen_on == to;
	stop = 1;
	pthread_join(thread, NULL);
	return moved;
}

static int affinity(void *unused)
{
	pthread_t threads[NR_WORKERS];
	cpu_set_t set;
	void *result, *all = NULL;

	(void)unused;
	CPU_ZERO(&set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0 || errno != EINVAL) {
		return 1;
	}
	CPU_SET(200, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0 || errno != EINVAL) {
		return 2;
	}
	if (sched_getaffinity(0, sizeof(set), &set) != 0 ||
	    CPU_COUNT(&set) != sysconf(_SC_NPROCESSORS_ONLN)) {
		return 3;
	}
	for (int i = 0; i < NR_WORKERS; i++) {
		pthread_create(&threads[i], NULL, stay_there, (void *)(intptr_t)i);
	}
	for (int i = 0; i < NR_WORKERS; i++) {
		pthread_join(threads[i], &result);
		all = all ? all : result;
	}
	return all ? 4 : !move_other(cpus_count() - 1) ? 5 : !move_other(0) ? 6 : 0;
}

static void *nap(void *unused)
{
	(void)unused;
	usleep(10000000);
	return NULL;
}

static int too_many(void *unused)
{
	pthread_attr_t attributes;
	int error = 0;

	(void)unused;
	if (setuid(1000) != 0) {
		return 1;
	}
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 16384);
	for (int i = 0; i < 5000 && error == 0; i++) {
		pthread_t thread;

		error = pthread_create(&thread, &attributes, nap, NULL);
	}
	return error == EAGAIN ? EXIT_RIGHT : 2;
}

/* By number: the C library's header has other names for them. */
static int libc_signals(void *unused)
{
	(void)unused;
	for (int signal = 32; signal <= 34; signal++) {
		errno = 0;
		if (syscall(SYS_tkill, gettid(), signal) != -1 || errno != ENOSYS) {
			return signal;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	(void)argv;
	nr_serial = tap_rounds(argc, NR_SERIAL, NR_SERIAL_LONG);
	tap_is(child_run(life, NULL), 0,
	       "hundreds of threads come and go, each with variables of its own");
	tap_is(child_run(locks_and_conditions, NULL), 0,
	       "mutexes and conditions keep threads on all processors in order");
	tap_is(child_run(affinity, NULL), 0, "a thread runs where it may and nowhere else");
	tap_is(child_exit_code(child_run(too_many, NULL)), EXIT_RIGHT,
	       "a user's threads are limited");
	tap_is(child_exit_code(child_run(libc_signals, NULL)), 0,
	       "none is sent the signals that the C library keeps for itself");
	return tap_done();
}
