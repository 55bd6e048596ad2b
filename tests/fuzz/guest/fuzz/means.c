/* Threads that wake each other. */
#define _GNU_SOURCE
#include "means.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bulwark.h"
#include "cpus.h"
#include "run.h"

enum { WAIT = 0, WAKE = 1, REQUEUE = 3, PRIVATE = 128, ROUNDS_PER_COUNT = 8, CROWD_MAX = 8 };

bool means_refused(long error) { return error == -EAGAIN || error == -ENOMEM || error == -EPERM; }

void means_progress(void) { __atomic_fetch_add(&runner.state->progress, 1, __ATOMIC_RELAXED); }

long means_futex(volatile uint32_t *word, int operation, uint64_t value, uint64_t more,
		 volatile uint32_t *other)
{
	long error = syscall(SYS_futex, word, operation, value, more, other, 0) < 0 ? -errno : 0;

	means_progress();
	return error;
}

bool means_thread(void *(*body)(void *), void *argument, void (*meanwhile)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, body, argument) != 0) {
		return false;
	}
	meanwhile(argument);
	pthread_join(thread, NULL);
	return true;
}

static void move_on(void) { cpus_pin((int)(runner.worker + 1) % cpus_count()); }

/* ---- pingpong: a word is handed to and fro ---- */

struct pingpong {
	volatile uint32_t turn;
	unsigned nr_rounds;
	int private;
};

static void hand_over(struct pingpong *game, uint32_t mine)
{
	for (unsigned i = 0; i < game->nr_rounds; i++) {
		while (game->turn != mine) {
			long error = means_futex(&game->turn, WAIT | game->private, !mine, 0, NULL);

			if (error && error != -EAGAIN && error != -EINTR) {
				complain("futex: waiting ends with %ld", error);
				return;
			}
		}
		game->turn = !mine;
		means_futex(&game->turn, WAKE | game->private, 1, 0, NULL);
	}
}

static void *pong(void *game)
{
	move_on();
	hand_over(game, 1);
	return NULL;
}

static void ping(void *game) { hand_over(game, 0); }

void means_pingpong(uint64_t argument)
{
	struct pingpong game = { .nr_rounds = (unsigned)argument * ROUNDS_PER_COUNT,
				 .private = argument % 2 ? PRIVATE : 0 };

	means_thread(pong, &game, ping);
}

/* ---- mutex: a counter behind a lock; Drepper, "Futexes Are Tricky" ---- */

struct guarded {
	uint32_t lock; /* 0 free, 1 taken, 2 taken and waited for */
	volatile unsigned long counter;
	unsigned nr_rounds;
};

static void guard(struct guarded *it)
{
	uint32_t was = 0;

	if (__atomic_compare_exchange_n(&it->lock, &was, 1, false, __ATOMIC_ACQUIRE,
					__ATOMIC_ACQUIRE)) {
		return;
	}
	while (__atomic_exchange_n(&it->lock, 2, __ATOMIC_ACQUIRE) != 0) {
		means_futex(&it->lock, WAIT | PRIVATE, 2, 0, NULL);
	}
}

static void unguard(struct guarded *it)
{
	if (__atomic_exchange_n(&it->lock, 0, __ATOMIC_RELEASE) == 2) {
		means_futex(&it->lock, WAKE | PRIVATE, 1, 0, NULL);
	}
}

static void count_up(void *guarded)
{
	struct guarded *it = guarded;

	for (unsigned i = 0; i < it->nr_rounds; i++) {
		guard(it);
		it->counter++;
		if (i % 4 == 0) {
			sched_yield();
		}
		unguard(it);
	}
}

static void *count_up_too(void *guarded)
{
	move_on();
	count_up(guarded);
	return NULL;
}

void means_mutex(uint64_t argument)
{
	struct guarded it = { .nr_rounds = (unsigned)argument * ROUNDS_PER_COUNT };

	if (means_thread(count_up_too, &it, count_up) && it.counter != 2ul * it.nr_rounds) {
		complain("mutex: %lu in place of %u", it.counter, 2 * it.nr_rounds);
	}
}

/* ---- crowd, requeue: many wait for one ---- */

struct crowd {
	volatile uint32_t words[2];
	bool moves; /* by way of the second word */
	unsigned nr;
};

static void *wait_in_crowd(void *crowd)
{
	struct crowd *it = crowd;
	static unsigned nth;

	cpus_pin((int)(__atomic_fetch_add(&nth, 1, __ATOMIC_RELAXED) % (unsigned)cpus_count()));
	while (it->words[0] == 0) {
		if (means_futex(&it->words[0], WAIT | PRIVATE, 0, 0, NULL) == 0 && it->moves) {
			break;
		}
	}
	return NULL;
}

static void crowd_wake(struct crowd *it)
{
	it->words[0] = 1;
	if (it->moves) {
		means_futex(&it->words[0], REQUEUE | PRIVATE, 1, INT_MAX, &it->words[1]);
		means_futex(&it->words[1], WAKE | PRIVATE, INT_MAX, 0, NULL);
	} else {
		means_futex(&it->words[0], WAKE | PRIVATE, INT_MAX, 0, NULL);
	}
}

static void crowd(uint64_t argument, bool moves)
{
	struct crowd it = { .moves = moves, .nr = (unsigned)argument % CROWD_MAX + 1 };
	pthread_t threads[CROWD_MAX];
	unsigned nr = 0;

	while (nr < it.nr && pthread_create(&threads[nr], NULL, wait_in_crowd, &it) == 0) {
		nr++;
	}
	for (uint64_t i = 0; i < argument; i++) {
		sched_yield();
	}
	crowd_wake(&it);
	while (nr > 0) {
		pthread_join(threads[--nr], NULL);
	}
}

void means_crowd(uint64_t argument) { crowd(argument, false); }
void means_requeue(uint64_t argument) { crowd(argument, true); }

void means(enum kind kind, uint64_t argument)
{
	switch (kind) {
	case KIND_pingpong: means_pingpong(argument % 16 + 1); break;
	case KIND_mutex: means_mutex(argument % 16 + 1); break;
	case KIND_crowd: means_crowd(argument % 16); break;
	case KIND_requeue: means_requeue(argument % 16); break;
	case KIND_echo: means_echo(argument % 16); break;
	case KIND_gifts: means_gifts(argument % 16); break;
	case KIND_children: means_children(argument % 16); break;
	case KIND_killed: means_killed(argument); break;
	case KIND_rings: means_rings(argument); break;
	case KIND_programs: means_programs(argument); break;
	case KIND_files: means_files(argument); break;
	case KIND_mistakes: means_mistakes(argument); break;
	case KIND_copies: means_copies(argument % 16); break;
	case KIND_zeroes: means_zeroes(argument % 16); break;
	case KIND_regions: means_regions(argument % 16); break;
	case KIND_moves: means_moves(argument % 16); break;
	case KIND_huges: means_huges(argument); break;
	case KIND_hog: means_hog(argument); break;
	case KIND_abandon: means_abandon(argument); break;
	case KIND_lines: means_lines(argument); break;
	default: break;
	}
}
