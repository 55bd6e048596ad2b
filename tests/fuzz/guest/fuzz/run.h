/*
 * Running one sequence, in processes that may die, hang or be left in ruins; and finding out
 * whether the kernel kept its word.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "abi/bulwark.h"
#include "sequence.h"

enum { COMPLAINT_MAX = 256, RANGES_MAX = 64 };

/* Shared by the worker and the processes of its sequence. */
struct run_state {
	volatile uint32_t progress;            /* calls begun and ended */
	volatile uint32_t nr_started;          /* threads that are there */
	volatile uint8_t current[THREADS_MAX]; /* kind of the call that each is in, or KIND_NONE */
	volatile uint64_t results[CALLS_MAX];
	volatile bool is_made[CALLS_MAX]; /* its result is there */
	volatile bool has_complained;
	bool is_doubtful; /* it may have been a coincidence: whoever ran it tries again */
	char complaint[COMPLAINT_MAX]; /* the first one */
};

/* Of the process that runs sequences. */
struct runner {
	unsigned worker; /* number, from 0 on; it runs on that processor */
	struct run_state *state;
	struct bw_range ranges[RANGES_MAX]; /* what the kernel maps */
	long nr_ranges;
	uint64_t canary;   /* the kernel's (fuzz_abi.h); 0: it has none */
	pid_t last_pid;    /* up to here pids are of those that no sequence must touch */
	uint64_t stuck_ms; /* what must come back by then has not */
};
extern struct runner runner;

enum { STUCK_MS = 20000, STUCK_MS_BRIEF = 5000 };

/* Maps the state, pins the worker. False: no memory. */
bool runner_init(unsigned worker, uint64_t canary, uint64_t stuck_ms);
/*
 * Blocks. Caller is root. False: something is wrong, and runner.state->complaint says what. Where a
 * child could not be killed it is still there.
 */
bool run(const struct sequence *sequence);

/* Notes what the kernel got wrong. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- Within the sequence's processes ---- */

/* run_child.c: makes its calls, as the user that it is for. */
_Noreturn void run_child(const struct sequence *sequence);
/* act.c: makes one call with its arguments resolved; what it returned. */
uint64_t act(enum kind kind, const uint64_t *arguments, bool is_root);
/* means.c */
void means(enum kind kind, uint64_t argument);
