/* Runs sequences as the fuzzer ran them. */
#include "replay.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "books.h"
#include "run.h"

enum { STATUS_WRONG = 1, STATUS_USAGE = 2, RUNS_PER_ROUND = 20, WORKERS_MAX = 8 };

static _Noreturn void work(const struct sequence *sequences, unsigned nr, unsigned worker,
			   uint64_t canary)
{
	if (!runner_init(worker, canary, STUCK_MS_BRIEF)) {
		_exit(STATUS_USAGE);
	}
	for (unsigned i = 0; i < RUNS_PER_ROUND * nr; i++) {
		if (!run(&sequences[i % nr])) {
			printf("wrong: %s\n", runner.state->complaint);
			fflush(stdout);
			_exit(STATUS_WRONG);
		}
	}
	_exit(0);
}

static bool round_is_sound(const struct sequence *sequences, unsigned nr, unsigned nr_workers,
			   uint64_t canary)
{
	pid_t pids[WORKERS_MAX];
	bool is_sound = true;
	int status;

	for (unsigned i = 0; i < nr_workers; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			work(sequences, nr, i, canary);
		}
	}
	for (unsigned i = 0; i < nr_workers; i++) {
		is_sound &= waitpid(pids[i], &status, 0) == pids[i] && status == 0;
	}
	return is_sound;
}

int replay(const struct sequence *sequences, unsigned nr, unsigned nr_workers, unsigned nr_rounds)
{
	static char complaint[COMPLAINT_MAX];
	uint64_t canary = books_canary();

	setvbuf(stdout, NULL, _IOLBF, 0);
	books_window(2);
	if (!kinds_init() || nr_workers > WORKERS_MAX) {
		return STATUS_USAGE;
	}
	for (unsigned i = 0; i < nr_rounds; i++) {
		if (!round_is_sound(sequences, nr, nr_workers, canary)) {
			return STATUS_WRONG;
		}
		if (!books_check(complaint, sizeof(complaint))) {
			printf("wrong: %s\n", complaint);
			return STATUS_WRONG;
		}
	}
	puts("nothing is wrong");
	return 0;
}
