/* A worker: runs sequences, batch by batch, and keeps those that reach something new. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../kernel/fuzz_abi.h"
#include "cpus.h"
#include "fuzz.h"

enum { NEWS_MAX = 128, FRESH_ONE_IN = 8, NAP_NS = 500000, TRIES_TO_CONFIRM = 20 };

static struct random random_state;
static uint64_t seen; /* edges */

static void nap(void)
{
	const struct timespec time = { .tv_nsec = NAP_NS };

	nanosleep(&time, NULL);
}

/* A panic will tell of it. */
static void note(const struct sequence *sequence)
{
	static char text[SEQUENCE_TEXT_MAX];
	size_t len = sequence_print(sequence, text);

	syscall(FUZZ_CALL, FUZZ_NOTE, runner.worker, text, len);
}

/* Edges that were never taken before the last run, as far as they are its own. */
static unsigned news(const struct sequence *sequence)
{
	static uint64_t edges[NEWS_MAX];
	long total = syscall(FUZZ_CALL, FUZZ_EDGES, seen, edges, NEWS_MAX);
	bool is_one = sequence_nr_threads(sequence) == 1;
	unsigned nr = 0;

	for (uint64_t i = 0; total > 0 && i + seen < (uint64_t)total && i < NEWS_MAX; i++) {
		nr += !is_one || edges[i] >> FUZZ_CPU_SHIFT == (uint64_t)cpus_current();
	}
	seen = total > 0 ? (uint64_t)total : seen;
	return nr;
}

static void keep(const struct sequence *sequence)
{
	uint32_t at = __atomic_fetch_add(&shared->nr_corpus, 1, __ATOMIC_RELAXED);

	shared->corpus[at < CORPUS_MAX ? at : random_below(&random_state, CORPUS_MAX)] = *sequence;
}

/* Half of the time one of the newest. */
static const struct sequence *draw(void)
{
	uint32_t nr = shared->nr_corpus < CORPUS_MAX ? shared->nr_corpus : CORPUS_MAX;

	if (random_one_in(&random_state, 2) && nr > 16) {
		return &shared->corpus[nr - 1 - random_below(&random_state, nr / 8)];
	}
	return &shared->corpus[random_below(&random_state, nr)];
}

static void choose(struct sequence *out)
{
	uint32_t input = shared->next_input;

	if (input < shared->nr_inputs) {
		input = __atomic_fetch_add(&shared->next_input, 1, __ATOMIC_RELAXED);
	}
	if (input < shared->nr_inputs) {
		*out = shared->inputs[input];
	} else if (shared->nr_corpus == 0 || random_one_in(&random_state, FRESH_ONE_IN)) {
		sequence_generate(&random_state, out);
	} else {
		*out = *draw();
		sequence_mutate(&random_state, out, draw());
	}
}

/* A complaint that may be a coincidence is believed the second time. */
static bool is_confirmed(const struct sequence *sequence)
{
	bool is_sure = !runner.state->is_doubtful;

	for (unsigned i = 0; i < TRIES_TO_CONFIRM && !is_sure; i++) {
		is_sure = !run(sequence);
	}
	return is_sure;
}

static void remember(const struct sequence *sequence)
{
	unsigned batch = shared->batch % BATCHES_KEPT;
	uint8_t *nr = &shared->nr_history[runner.worker][batch];

	shared->current[runner.worker] = *sequence;
	if (*nr < BATCH_MAX) {
		shared->history[runner.worker][batch][(*nr)++] = *sequence;
	}
}

static void run_one(const struct sequence *sequence)
{
	remember(sequence);
	note(sequence);
	if (!run(sequence) && is_confirmed(sequence)) {
		fuzz_fail(runner.state->complaint, sequence);
	} else if (news(sequence) > 0 && !shared->is_replay) {
		keep(sequence);
	}
	__atomic_fetch_add(&shared->nr_runs, 1, __ATOMIC_RELAXED);
}

/* Every input in turn, whatever other workers do. */
static void replay(void)
{
	for (unsigned i = 0; i < shared->per_batch && !shared->has_failed; i++) {
		run_one(&shared->inputs[i % shared->nr_inputs]);
	}
}

static void work(void)
{
	static struct sequence sequence;

	for (unsigned i = 0; i < shared->per_batch && !shared->has_failed && !shared->is_over;
	     i++) {
		choose(&sequence);
		run_one(&sequence);
	}
}

_Noreturn void worker_main(unsigned worker, uint64_t canary)
{
	random_state.state = shared->seed * 1000003 + worker;
	if (!runner_init(worker, canary, shared->stuck_ms)) {
		fuzz_fail("no memory for a worker", NULL);
	}
	for (uint32_t batch = 1;; batch++) {
		while (shared->batch < batch) {
			nap();
		}
		shared->nr_history[runner.worker][batch % BATCHES_KEPT] = 0;
		if (shared->is_replay) {
			replay();
		} else {
			work();
		}
		__atomic_fetch_add(&shared->nr_done, 1, __ATOMIC_RELEASE);
	}
}
