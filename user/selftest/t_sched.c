/*
 * Who runs before whom on one processor, told by counts: a process that computes sees that it has
 * another turn when somebody else has run meanwhile.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "cpus.h"
#include "tap.h"

enum { UID_OTHER = 1000, NR_COMPUTING = 24, NR_ROUNDS = 1000, NR_NAPS = 20, NR_TURNS = 3 };

/* Shared by all; written by whoever runs. */
struct board {
	_Atomic uint32_t runner;  /* who computed last */
	_Atomic uint32_t turns;   /* of all that compute */
	_Atomic uint32_t started; /* how many had a turn */
	_Atomic uint32_t word;    /* of the pair */
	_Atomic uint32_t rounds;
};
static struct board *board;

/* Takes note of each turn, for ever. `me` is not 0. */
static _Noreturn void compute(uint32_t me)
{
	uint32_t seen = 0;
	bool is_first = true;

	for (;;) {
		uint32_t rounds = board->rounds;

		if (board->runner != me || rounds != seen) {
			board->runner = me;
			seen = rounds;
			board->turns++;
			board->started += is_first;
			is_first = false;
		}
	}
}

static pid_t start_computing(uint32_t me, uid_t uid)
{
	pid_t child = fork();

	if (child == 0) {
		if (setuid(uid) == 0) {
			compute(me);
		}
		_exit(1);
	}
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* The word is 0 or 1: whose turn of the pair it is. */
static void hand_over(uint32_t mine, bool (*is_enough)(void))
{
	while (!is_enough()) {
		while (board->word != mine && !is_enough()) {
			syscall(SYS_futex, &board->word, 0, !mine, NULL);
		}
		board->rounds++;
		board->word = !mine;
		syscall(SYS_futex, &board->word, 1, 1, NULL);
	}
	board->word = !mine;
	syscall(SYS_futex, &board->word, 1, 1, NULL);
}

static bool has_rounds(void) { return board->rounds >= NR_ROUNDS; }

static bool has_turns(void) { return board->turns >= NR_TURNS; }

static int run_pair(void *is_enough)
{
	bool (*enough)(void) = *(bool (**)(void))is_enough;
	pid_t partner, computing;

	if (setuid(UID_OTHER) != 0) {
		return 1;
	}
	computing = start_computing(1, UID_OTHER);
	while (board->started == 0) {
		usleep(1000);
	}
	board->turns = 0;
	partner = fork();
	if (partner == 0) {
		hand_over(1, enough);
		_exit(0);
	}
	hand_over(0, enough);
	waitpid(partner, NULL, 0);
	end(computing);
	return 0;
}

static void test_pair(void)
{
	bool (*enough)(void) = has_rounds;

	tap_is(child_run(run_pair, &enough), 0, "a pair hands over beside a computing process");
	if (!tap_ok(board->turns < NR_ROUNDS / 4, "whose turns are few beside the rounds")) {
		tap_note("%u rounds, %u turns", board->rounds, board->turns);
	}
	*board = (struct board){ 0 };
	enough = has_turns;
	tap_is(child_run(run_pair, &enough), 0, "and it has turns while they go on");
}

static int nap_beside(void *unused)
{
	static pid_t computing[NR_COMPUTING];

	(void)unused;
	for (int i = 0; i < NR_COMPUTING; i++) {
		computing[i] = start_computing((uint32_t)i + 1, UID_OTHER);
	}
	while (board->started < NR_COMPUTING) {
		usleep(1000);
	}
	board->turns = 0;
	for (int i = 0; i < NR_NAPS; i++) {
		usleep(1000);
	}
	board->rounds = board->turns;
	for (int i = 0; i < NR_COMPUTING; i++) {
		end(computing[i]);
	}
	return 0;
}

static void test_root(void)
{
	*board = (struct board){ 0 };
	tap_is(child_run(nap_beside, NULL), 0, "root sleeps and wakes beside computing processes");
	if (!tap_ok(board->rounds <= 6 * NR_NAPS, "each time before they have all had a turn")) {
		tap_note("%u turns of %d processes in %d sleeps", board->rounds, NR_COMPUTING,
			 NR_NAPS);
	}
}

static int compute_beside(void *unused)
{
	pid_t other = start_computing(1, UID_OTHER);

	(void)unused;
	/* as root, without a pause */
	while (board->turns < NR_TURNS) {
		board->runner = 2;
	}
	end(other);
	return 0;
}

int main(void)
{
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (board == MAP_FAILED || !cpus_pin(0)) {
		tap_skip("who runs before whom", "no memory, or no processor");
		return tap_done();
	}
	test_pair();
	test_root();
	*board = (struct board){ 0 };
	tap_is(child_run(compute_beside, NULL), 0, "a user's process has turns beside root's");
	return tap_done();
}
