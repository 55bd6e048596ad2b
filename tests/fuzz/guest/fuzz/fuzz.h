/* What the fuzzer's processes share: one that leads, and workers. */
#pragma once

#include "generate.h"
#include "run.h"

enum { CORPUS_MAX = 1200, WORKERS_MAX = 8, BATCHES_KEPT = 8, BATCH_MAX = 64 };

struct shared {
	/* Set before the workers start. */
	unsigned nr_workers, nr_inputs, per_batch;
	bool is_replay; /* runs the inputs alone, in their order, again and again */
	uint64_t seed, stuck_ms;

	/* All atomic. Batches asked for; workers that are through with theirs. */
	volatile uint32_t batch, nr_done;
	volatile uint32_t next_input;
	volatile uint64_t nr_runs;
	volatile uint32_t nr_corpus;

	volatile bool is_over; /* the time is: batches end early */

	/* Of each worker: what it runs, and what it ran in the last batches. */
	struct sequence current[WORKERS_MAX];
	struct sequence history[WORKERS_MAX][BATCHES_KEPT][BATCH_MAX];
	uint8_t nr_history[WORKERS_MAX][BATCHES_KEPT];
	/* The first failure; written by who sets has_failed. */
	volatile bool has_failed;
	char complaint[COMPLAINT_MAX];
	struct sequence failed;

	struct sequence inputs[CORPUS_MAX], corpus[CORPUS_MAX];
};
extern struct shared *shared;

/* Notes a failure; the sequence may be NULL. */
void fuzz_fail(const char *complaint, const struct sequence *sequence);
/* A worker's process. */
_Noreturn void worker_main(unsigned worker, uint64_t canary);
