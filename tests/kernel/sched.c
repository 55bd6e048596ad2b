/* Threads, waiting and timers, with kernel threads of our own. */
#include "task/sched/sched.h"
#include "arch/x86_64/device/clock.h"
#include "ktest.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/tlb/ktlb.h"
#include "task/sched/timer.h"
#include "task/sched/wait.h"

enum { NR_ROUNDS = 100, NR_THREADS = 20, NR_STACKS = 128, NAP_NS = 20 * 1000 * 1000 };
#define PATIENCE_NS (10ul * 1000 * 1000 * 1000)

/*
 * Two threads take turns: each waits until `turn` is its own. Only the one whose turn it is writes
 * the rest.
 */
static struct wait_queue turns = { WAIT_QUEUE_INIT(turns) };
static unsigned turn; /* atomic: hands the next two over */
static unsigned nr_turns, nr_out_of_turn;
static unsigned nr_ended; /* atomic */

static void wait_for_turn(unsigned mine)
{
	struct waiter waiter;

	wait_enter(&turns, &waiter);
	for (;;) {
		sched_prepare();
		if (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == mine) {
			break;
		}
		sched_block();
	}
	wait_leave(&turns, &waiter);
}

static void take_turns(unsigned mine)
{
	for (unsigned i = 0; i < NR_ROUNDS; i++) {
		wait_for_turn(mine);
		nr_out_of_turn += nr_turns++ % 2 != mine;
		__atomic_store_n(&turn, !mine, __ATOMIC_RELEASE);
		wait_wake_all(&turns);
	}
}

static void partner_main(void *thread)
{
	(void)thread;
	take_turns(1);
	__atomic_fetch_add(&nr_ended, 1, __ATOMIC_RELEASE);
	sched_exit();
}

static void short_main(void *thread)
{
	(void)thread;
	__atomic_fetch_add(&nr_ended, 1, __ATOMIC_RELEASE);
	sched_exit();
}

static bool start(void (*function)(void *))
{
	struct thread *thread;

	if (thread_create(NULL, function, &thread)) {
		return false;
	}
	sched_start(thread);
	return true;
}

static void wait_for_ends(unsigned nr)
{
	uint64_t give_up_ns = clock_now_ns() + PATIENCE_NS;

	while (__atomic_load_n(&nr_ended, __ATOMIC_ACQUIRE) < nr && clock_now_ns() < give_up_ns) {
		sched_yield();
	}
}

KTEST_SUITE(wait)
{
	turn = nr_turns = nr_out_of_turn = nr_ended = 0;
	if (!start(partner_main)) {
		ktest_skip("no memory for a thread");
		return;
	}
	take_turns(0);
	wait_for_ends(1);
	ktest_ok(nr_turns == 2 * NR_ROUNDS,
		 "two threads that wait for each other both come to their end");
	ktest_ok(nr_out_of_turn == 0, "and never run out of turn");

	sched_prepare();
	sched_wake(thread_current());
	sched_block();
	ktest_ok(true, "a wake between prepare and block is not lost");
}

/* Starts and ends a few threads; the frames that are free afterwards. */
static uint64_t free_after_threads(void)
{
	struct frame_stats stats;
	unsigned nr_started = 0;

	nr_ended = 0;
	while (nr_started < NR_THREADS && start(short_main)) {
		nr_started++;
	}
	wait_for_ends(nr_started);
	/* each is freed by whoever runs on its CPU after it */
	timer_sleep_until(clock_now_ns() + NAP_NS);
	(void)kstack_trim();
	(void)slab_trim();
	frame_stats_read(&stats);
	return stats.nr_free_revealed + stats.nr_free_hidden;
}

KTEST_SUITE(threads)
{
	uint64_t first = free_after_threads();
	uint64_t second = free_after_threads();

	ktest_ok(nr_ended == NR_THREADS, "threads start and end");
	if (!ktest_ok(first == second, "threads that ended leave nothing behind")) {
		ktest_diag("%lu frames free, then %lu", first, second);
	}
}

KTEST_SUITE(stacks)
{
	static va_t stacks[NR_STACKS];
	uint64_t generation;
	struct frame_stats before, after;
	unsigned nr = 0;

	(void)kstack_trim();
	frame_stats_read(&before);
	while (nr < NR_STACKS && kstack_alloc(&stacks[nr]) == STATUS_OK) {
		nr++;
	}
	ktest_ok(nr == NR_STACKS, "many stacks at once");
	generation = ktlb_generation();
	while (nr) {
		kstack_free(stacks[--nr]);
	}
	generation = ktlb_generation() - generation;
	if (!ktest_ok(generation <= NR_STACKS / 8, "those that are given back share flushes")) {
		ktest_diag("%lu downgrades for %u stacks", generation, NR_STACKS);
	}
	(void)kstack_trim();
	frame_stats_read(&after);
	ktest_ok(after.nr_kernel == before.nr_kernel, "and all their frames come back");
}

KTEST_SUITE(timer)
{
	uint64_t before = clock_now_ns();
	struct timer early, late;

	timer_sleep_until(before + NAP_NS);
	ktest_ok(clock_now_ns() >= before + NAP_NS, "a sleeper does not wake too early");
	ktest_ok(clock_now_ns() < before + 50ul * NAP_NS, "nor much too late");
	before = clock_now_ns();
	timer_sleep_until(before);
	ktest_ok(true, "a deadline that has passed does not block");
	timer_start(&late, UINT64_MAX);
	timer_start(&early, clock_now_ns() + NAP_NS);
	do {
		sched_prepare();
		sched_block();
	} while (clock_now_ns() < early.deadline_ns);
	ktest_ok(list_is_empty(&early.node), "of two timers the one that is due fires");
	ktest_ok(!list_is_empty(&late.node), "and the other does not");
	timer_stop(&early);
	timer_stop(&late);
	ktest_ok(list_is_empty(&late.node), "a timer can be stopped, fired or not");
}
