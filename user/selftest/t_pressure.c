/*
 * Somebody takes all the memory there is, in several ways at once, and takes whatever becomes free:
 * root works on.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "memory.h"
#include "tap.h"

enum {
	NR_ROUNDS = 5,
	NR_ROUNDS_LONG = 20,
	NR_PAGES = 64,
	NR_REGIONS = 200,
	NR_NAPS = 20000,
	NAP_NS = 1000000,
	PID_INIT = 1,
	SOMEBODY = 1000,
	EXIT_GOOD = 42, /* of /etc/good-minimal */
	SLACK_FRAMES = 128,
};
#define PLENTY_BYTES (64ul << 30)

static volatile bool *is_refused; /* of each filler, shared with it */

static void nap(void)
{
	const struct timespec a_while = { .tv_nsec = NAP_NS };

	nanosleep(&a_while, NULL);
}

static char *map(size_t nr_bytes, int protection, int sharing)
{
	char *start = mmap(NULL, nr_bytes, protection, sharing | MAP_ANONYMOUS, -1, 0);

	return start == MAP_FAILED ? NULL : start;
}

/* The kernel writes there: where there is no memory it says so, and the process lives. */
static bool is_touched(char *page)
{
	return clock_gettime(CLOCK_MONOTONIC, (struct timespec *)page) == 0;
}

static void touch_forever(int self, size_t stride_bytes)
{
	char *start = map(PLENTY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	for (size_t at = 0; start != NULL && at < PLENTY_BYTES; at += stride_bytes) {
		while (!is_touched(start + at)) {
			is_refused[self] = true;
			nap();
		}
	}
}

static void fill_pages(int self) { touch_forever(self, BW_PAGE_SIZE); }

/* A page table for every page. */
static void fill_tables(int self) { touch_forever(self, BW_HUGE_PAGE_SIZE); }

/* Ends when its parent has. */
static _Noreturn void linger_with_regions(void)
{
	for (int i = 0; i < NR_REGIONS; i++) {
		map(BW_PAGE_SIZE, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE);
	}
	while (getppid() != PID_INIT) {
		for (int i = 0; i < 100; i++) {
			nap();
		}
	}
	_exit(0);
}

static void fork_forever(int self)
{
	for (;;) {
		pid_t child = fork();

		if (child == 0) {
			linger_with_regions();
		}
		if (child < 0) {
			is_refused[self] = true;
			nap();
		}
	}
}

/* The child is to see all of it, so fork has to fill it. */
static void fill_shared(int self)
{
	map(memory_now().nr_frames_usable / 2 * BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);
	fork_forever(self);
}

static void (*const fillers[])(int self) = { fill_pages, fill_tables, fork_forever, fill_shared };
enum { NR_FILLERS = sizeof(fillers) / sizeof(fillers[0]) };

static void fillers_start(pid_t *pids)
{
	for (int i = 0; i < NR_FILLERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			setuid(SOMEBODY);
			fillers[i](i);
			_exit(1);
		}
	}
}

/* Or dead of want: the page that it writes after a fork must be copied. */
static bool all_refused(pid_t *pids)
{
	bool all = true;

	for (int i = 0; i < NR_FILLERS; i++) {
		if (pids[i] != 0 && waitpid(pids[i], NULL, WNOHANG) == pids[i]) {
			pids[i] = 0;
		}
		all = all && (pids[i] == 0 || is_refused[i]);
	}
	return all;
}

static bool memory_gets_full(pid_t *pids)
{
	for (int i = 0; i < NR_NAPS && !all_refused(pids); i++) {
		nap();
	}
	return all_refused(pids) && pids[0] != 0;
}

static int exec_body(void *unused)
{
	char *const arguments[] = { "good-minimal", NULL };
	char *const nothing[] = { NULL };

	(void)unused;
	execve("/etc/good-minimal", arguments, nothing);
	return 1;
}

static int touch_body(void *unused)
{
	char *pages = map(NR_PAGES * BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	(void)unused;
	for (int i = 0; pages != NULL && i < NR_PAGES; i++) {
		pages[i * BW_PAGE_SIZE] = 1;
	}
	return pages == NULL || munmap(pages, NR_PAGES * BW_PAGE_SIZE) != 0;
}

/* How often root got something done. */
static int work(child_body body, int code_good, int nr_rounds)
{
	int nr_done = 0;

	for (int i = 0; i < nr_rounds; i++) {
		int status = child_run(body, NULL);

		if (child_exit_code(status) == code_good) {
			nr_done++;
		} else {
			tap_note("round %d: wait status 0x%x", i, status);
		}
	}
	return nr_done;
}

static void fillers_end(const pid_t *pids)
{
	for (int i = 0; i < NR_FILLERS; i++) {
		if (pids[i] != 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t nr_processes = memory_now().nr_processes, nr_free = memory_nr_free();
	int nr_rounds = tap_rounds(argc, NR_ROUNDS, NR_ROUNDS_LONG);
	pid_t pids[NR_FILLERS];

	(void)argv;
	is_refused = (volatile bool *)map(BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED);
	fillers_start(pids);
	tap_ok(memory_gets_full(pids), "somebody takes all the memory there is");
	tap_is(work(touch_body, 0, nr_rounds), nr_rounds, "root forks and has pages all the same");
	tap_is(work(exec_body, EXIT_GOOD, nr_rounds), nr_rounds, "root runs programs all the same");
	fillers_end(pids);
	tap_is((long)memory_settled(nr_processes).nr_processes, (long)nr_processes,
	       "they can be ended");
	tap_ok(memory_nr_free() + SLACK_FRAMES > nr_free, "and the memory comes back");
	tap_note("free frames: %lu before, %lu after", nr_free, memory_nr_free());
	return tap_done();
}
