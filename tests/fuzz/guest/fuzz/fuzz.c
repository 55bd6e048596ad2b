/*
 * fuzz: makes sequences of system calls, on several processors at a time, and keeps those that
 * reach what none has reached before. After each batch it looks whether the machine is sound. Run
 * by tools/fuzz, which writes its input (input.h) and reads its lines:
 *
 *   @e EDGE...    edges that were taken for the first time
 *   @b EDGE...    the same, before the first sequence, where programs and suites ran
 *   @c SEQUENCE   one that was kept
 *   @p MS RUNS EDGES CORPUS BATCHES     how far it is
 *   @f COMPLAINT  what is wrong, and behind it @s SEQUENCE, those that may have done it
 *   @end          it is through
 *
 * Exit status: 0 nothing is wrong; 1 something is; 2 it cannot run.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../../kernel/fuzz_abi.h"
#include "books.h"
#include "bulwark.h"
#include "input.h"

enum { SUITE_TEXT_MAX = 64 << 10 };
enum {
	STATUS_WRONG = 1,
	STATUS_USAGE = 2,
	EDGES_AT_A_TIME = 512,
	EDGES_PER_LINE = 16,
	NAP_NS = 1000000
};
/* Of no sequence that comes to its end. A busy host makes everything slow. */
enum { SILENCE_MS_MAX = 90000 };

struct shared *shared;
static struct termios terminal;
static uint64_t start_ms;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void fuzz_fail(const char *complaint, const struct sequence *sequence)
{
	if (__atomic_exchange_n(&shared->has_failed, true, __ATOMIC_ACQ_REL)) {
		return;
	}
	snprintf(shared->complaint, COMPLAINT_MAX, "%s", complaint);
	if (sequence) {
		shared->failed = *sequence;
	}
}

static void tell_edges(char mark)
{
	static uint64_t edges[EDGES_AT_A_TIME], seen;
	long total;

	do {
		total = syscall(FUZZ_CALL, FUZZ_EDGES, seen, edges, EDGES_AT_A_TIME);
		for (unsigned i = 0; i < EDGES_AT_A_TIME && (long)seen < total; i++, seen++) {
			if (i % EDGES_PER_LINE == 0) {
				printf("%s@%c", i ? "\n" : "", mark);
			}
			printf(" %lx", edges[i] & ((1ul << FUZZ_CPU_SHIFT) - 1));
		}
		if (total > 0) {
			putchar('\n');
		}
	} while (total > (long)seen);
}

static void tell_sequence(const char *mark, const struct sequence *sequence)
{
	static char text[SEQUENCE_TEXT_MAX];

	sequence_print(sequence, text);
	printf("%s %s\n", mark, text);
}

static void tell_corpus(void)
{
	static uint32_t told;

	for (; told < shared->nr_corpus && told < CORPUS_MAX; told++) {
		tell_sequence("@c", &shared->corpus[told]);
	}
}

static void tell_failure(void)
{
	printf("@f %s\n", shared->complaint);
	if (shared->failed.nr_calls) {
		tell_sequence("@s", &shared->failed);
	}
	for (unsigned i = 0; i < shared->nr_workers; i++) {
		if (shared->current[i].nr_calls) {
			tell_sequence("@s", &shared->current[i]);
		}
	}
}

/* All of the batch behind which there were too many objects for the first time, and of the last. */
static void tell_suspects(void)
{
	unsigned nr_unclean = books_nr_unclean();
	uint32_t first = shared->batch - (nr_unclean ? nr_unclean - 1 : 0);

	if (nr_unclean > BATCHES_KEPT) {
		first = shared->batch;
	}
	for (unsigned worker = 0; worker < shared->nr_workers; worker++) {
		for (unsigned i = 0; i < shared->nr_history[worker][first % BATCHES_KEPT]; i++) {
			tell_sequence("@s", &shared->history[worker][first % BATCHES_KEPT][i]);
		}
	}
}

/* What sequences wrote may have left the console anywhere, in any mode. */
static void console_restore(void)
{
	tcsetattr(STDOUT_FILENO, TCSANOW, &terminal);
	putchar('\n');
}

static void tell(unsigned nr_batches)
{
	long nr_edges = syscall(FUZZ_CALL, FUZZ_EDGES, 0, NULL, 0);

	console_restore();
	tell_edges('e');
	tell_corpus();
	printf("@p %lu %lu %ld %u %u\n", now_ms() - start_ms, shared->nr_runs, nr_edges,
	       shared->nr_corpus, nr_batches);
	fflush(stdout);
}

/* Every worker does its part, or what it can until then. False: one does not come to an end. */
static bool batch(uint64_t until_ms)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	uint64_t since = now_ms(), nr_runs = shared->nr_runs;

	shared->nr_done = 0;
	__atomic_fetch_add(&shared->batch, 1, __ATOMIC_RELEASE);
	while (shared->nr_done < shared->nr_workers) {
		int status;

		if (waitpid(-1, &status, WNOHANG) > 0) {
			fuzz_fail("a worker is gone: a sequence could end a process of root's",
				  NULL);
			return false;
		}
		if (shared->nr_runs != nr_runs) {
			nr_runs = shared->nr_runs;
			since = now_ms();
		}
		if (now_ms() - since > SILENCE_MS_MAX) {
			fuzz_fail("a worker does not come to the end of its sequence", NULL);
			return false;
		}
		shared->is_over |= until_ms != 0 && now_ms() > until_ms;
		nanosleep(&nap, NULL);
	}
	return true;
}

/* The kernel's own tests, while nothing else runs. */
static void suites_run(unsigned long first, unsigned long end)
{
	static char text[SUITE_TEXT_MAX];

	for (unsigned long i = first; i < end; i++) {
		(void)bw_ktest((unsigned)i, text, sizeof(text));
		/* a guest that says nothing counts as hung */
		tell_edges('b');
		fflush(stdout);
	}
}

static bool start(void)
{
	uint64_t canary = books_canary();

	/* few entries in page tables: every sequence is run in a copy of this process */
	shared = mmap(NULL, (sizeof(*shared) + BW_HUGE_PAGE_SIZE - 1) & -BW_HUGE_PAGE_SIZE,
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (shared == MAP_FAILED) {
		return false;
	}
	shared->nr_workers = (unsigned)input_number("workers", 1);
	shared->per_batch = (unsigned)input_number("per-batch", 32);
	shared->is_replay = input_number("replay", 0) != 0;
	shared->stuck_ms = input_number("stuck-ms", STUCK_MS);
	books_window(input_number("window", BOOKS_WINDOW));
	shared->seed = input_number("seed", 1);
	shared->nr_inputs = input_sequences(shared->inputs, CORPUS_MAX);
	/* the kernel makes the thread that rings when it is first asked to */
	alarm(1);
	alarm(0);
	input_end();
	tcgetattr(STDOUT_FILENO, &terminal);
	for (unsigned i = 0; i < shared->nr_workers && i < WORKERS_MAX; i++) {
		fflush(stdout);
		if (fork() == 0) {
			worker_main(i, canary);
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	uint64_t most_ms, nr_batches;

	(void)argv;
	if (argc > 1 || !kinds_init() || getuid() != 0) {
		fprintf(stderr, "fuzz: run by tools/fuzz, as root\n");
		return STATUS_USAGE;
	}
	if (input_number("suites-to", 0)) {
		suites_run(input_number("suites-from", 0), input_number("suites-to", 0));
		printf("@end\n");
		return 0;
	}
	if (input_number("before", 0)) {
		tell_edges('b');
	}
	start_ms = now_ms();
	most_ms = input_number("seconds", 10) * 1000;
	nr_batches = input_number("batches", 0);
	if (!start()) {
		return STATUS_USAGE;
	}
	for (unsigned i = 1; !shared->has_failed; i++) {
		char complaint[COMPLAINT_MAX];

		if (batch(nr_batches ? 0 : start_ms + most_ms) &&
		    !books_check(complaint, sizeof(complaint))) {
			fuzz_fail(complaint, NULL);
			tell_suspects();
		}
		(void)bw_policy_load("etc/policy", &(struct bw_policy_error){ 0 });
		tell(i);
		if (nr_batches ? i >= nr_batches : shared->is_over) {
			break;
		}
	}
	if (shared->has_failed) {
		tell_failure();
	}
	printf("@end\n");
	return shared->has_failed ? STATUS_WRONG : 0;
}
