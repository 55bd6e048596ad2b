/* The processes of a sequence: they make its calls. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bulwark.h"
#include "cpus.h"
#include "run.h"
#include "world.h"

enum {
	UID_FIRST = 2000,
	FORKS_MAX = 2,  /* generations of processes */
	NR_YIELDS = 40, /* for another thread's result */
};

/* The first range begins a few pages behind the direct map's base, which is a multiple of this. */
#define DIRECT_MAP_ALIGN (UINT64_MAX << 30)

static const struct sequence *running;
static unsigned nr_forks;

/* Another thread may be about to make the call. */
static uint64_t result_of(unsigned nth)
{
	for (unsigned i = 0; i < NR_YIELDS && !runner.state->is_made[nth]; i++) {
		sched_yield();
	}
	return runner.state->results[nth];
}

/* An address in one of the kernel's mappings. */
static uint64_t range_address(uint32_t which)
{
	if (runner.nr_ranges <= 0) {
		return 0;
	}
	return runner.ranges[(which >> RANGE_SHIFT) % (uint64_t)runner.nr_ranges].start +
	       which % (1u << RANGE_SHIFT);
}

/* Frame numbers are known to anybody; where the direct map begins root knows. */
static uint64_t direct_address(uint32_t at)
{
	uint64_t pfn = 0;

	(void)bw_pagemap((void *)(uintptr_t)at, &pfn);
	for (long i = 0; i < runner.nr_ranges; i++) {
		if (!strcmp(runner.ranges[i].region, "direct map")) {
			return (runner.ranges[i].start & DIRECT_MAP_ALIGN) + pfn * WORLD_PAGE;
		}
	}
	return 0;
}

static uint64_t resolve(uint64_t value)
{
	uint32_t low = (uint32_t)value;

	switch (value >> 32) {
	case SPECIAL_RESULT: return result_of(low % CALLS_MAX);
	case SPECIAL_SELF: return (uint64_t)syscall(SYS_getpid);
	case SPECIAL_PARENT: return (uint64_t)syscall(SYS_getppid);
	case SPECIAL_CANARY: return runner.canary + low;
	case SPECIAL_RANGE: return range_address(low);
	case SPECIAL_DIRECT: return direct_address(low);
	default: return value;
	}
}

static bool is_means(const struct call *call) { return kinds[call->kind].how == HOW_MEANS; }

/* A thread whose first call is a MEANS does nothing but these, in a process of its own. */
static bool thread_is_means(unsigned thread)
{
	for (unsigned i = 0; i < running->nr_calls; i++) {
		if (running->calls[i].thread == thread) {
			return is_means(&running->calls[i]);
		}
	}
	return false;
}

static void perform(unsigned nth, unsigned thread)
{
	const struct call *call = &running->calls[nth];
	struct run_state *state = runner.state;
	uint64_t arguments[ARGUMENTS_MAX];

	for (unsigned i = 0; i < call->repeat; i++) {
		/* a child goes on with the same calls: two to the number of them */
		if (call->kind == KIND_fork && nr_forks++ >= FORKS_MAX) {
			return;
		}
		for (unsigned j = 0; j < ARGUMENTS_MAX; j++) {
			arguments[j] = resolve(call->arguments[j]);
		}
		__atomic_fetch_add(&state->progress, 1, __ATOMIC_RELAXED);
		state->current[thread] = call->kind;
		if (is_means(call)) {
			means(call->kind, arguments[0]);
		} else {
			state->results[nth] =
				act(call->kind, arguments, running->flags & SEQUENCE_ROOT);
			state->is_made[nth] = true;
		}
		state->current[thread] = KIND_NONE;
		__atomic_fetch_add(&state->progress, 1, __ATOMIC_RELAXED);
	}
}

static void thread_run(unsigned thread, unsigned nr_threads)
{
	bool for_means = thread_is_means(thread);

	cpus_pin((int)(runner.worker + thread) % cpus_count());
	__atomic_fetch_add(&runner.state->nr_started, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < 1000 && runner.state->nr_started < nr_threads; i++) {
		sched_yield();
	}
	for (unsigned i = 0; i < running->nr_calls; i++) {
		if (running->calls[i].thread == thread &&
		    is_means(&running->calls[i]) == for_means) {
			perform(i, thread);
		}
	}
}

static void *thread_body(void *thread)
{
	thread_run((unsigned)(uintptr_t)thread, sequence_nr_threads(running));
	return NULL;
}

/* Every processor, for those that wish to move. */
static void unpin(void)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	sched_setaffinity(0, sizeof(all), &all);
}

/* All of them are children, so that a MEANS has none but its own. */
static void processes_run(unsigned nr_threads)
{
	pid_t pids[THREADS_MAX];

	for (unsigned i = 0; i < nr_threads; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			thread_run(i, nr_threads);
			_exit(0);
		}
	}
	for (unsigned i = 0; i < nr_threads; i++) {
		waitpid(pids[i], NULL, 0);
	}
}

static void threads_run(unsigned nr_threads)
{
	pthread_t threads[THREADS_MAX];
	bool is_there[THREADS_MAX] = { false };

	for (unsigned i = 1; i < nr_threads; i++) {
		is_there[i] =
			pthread_create(&threads[i], NULL, thread_body, (void *)(uintptr_t)i) == 0;
	}
	thread_run(0, nr_threads);
	for (unsigned i = 1; i < nr_threads; i++) {
		if (is_there[i]) {
			pthread_join(threads[i], NULL);
		}
	}
}

_Noreturn void run_child(const struct sequence *sequence)
{
	unsigned nr_threads = sequence_nr_threads(sequence);
	bool in_processes =
		sequence->flags & SEQUENCE_PROCESSES || sequence_has(sequence, HOW_MEANS);

	running = sequence;

	unpin();
	if (running->flags & SEQUENCE_WATCHED && bw_call_job_begin(BW_JOB_ATTACK) < 0) {
		_exit(1);
	}
	if ((!(running->flags & SEQUENCE_ROOT) && setuid(UID_FIRST + runner.worker)) ||
	    !world_make()) {
		_exit(1);
	}
	if (in_processes) {
		processes_run(nr_threads);
	} else {
		threads_run(nr_threads);
	}
	if (runner.canary && world_has_canary()) {
		complain("a call showed kernel memory");
	}
	_exit(0);
}
