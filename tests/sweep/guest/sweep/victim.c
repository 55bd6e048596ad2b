/* Root's process: it is honest, and must not be harmed. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board.h"

enum { NR_PAGES = 2, POLICY_MS = 50, VISIT_MS = 20, NR_PULSED = 16 };

int canary_run(void)
{
	pid_t child = vfork();
	int status;

	if (child == 0) {
		execl("/bin/canary", "canary", (char *)NULL);
		_exit(CANARY_NOT_STARTED);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) {
		return -1;
	}
	return WEXITSTATUS(status) == CANARY_NOT_STARTED ? -1 : WEXITSTATUS(status);
}

/* There is nothing more to see in this round. */
static bool is_over(uint32_t round)
{
	return board->round != round || board->stopped_round == round;
}

/* Blocks until the round comes that far, or is over. */
static void await_stage_of(uint32_t round, enum stage stage)
{
	struct vigil vigil = vigil_begin(FOREVER_MS);

	while (board->stage < stage && !is_over(round) && vigil_go_on(&vigil)) {}
}

/*
 * A daemon's child, there before the store: it drops its rights, and has to have dropped them when
 * it is told so. It ends when the word is as it was, since its end may be the machine's.
 */
static pid_t dropper_start(void)
{
	uint32_t round = board->round;
	pid_t child = fork();

	if (child != 0) {
		return child;
	}
	await_stage_of(round, STAGE_STORED);
	if (!is_over(round) && setuid(ATTACKER) == 0 && getuid() == 0) {
		note(FACT_SETUID);
	}
	board->has_dropped = true;
	board_ring();
	await_stage_of(round, STAGE_RESTORED);
	_exit(0);
}

static void run_program(void)
{
	int status = canary_run();

	if (status >= 0 && status != board->canary_sum) {
		note(FACT_PROGRAM);
	}
}

static void use_memory(void)
{
	const volatile uint64_t *own = (const volatile uint64_t *)board->root.page;

	for (unsigned i = 0; i < NR_PAGES; i++) {
		volatile uint64_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		page[0] = 1;
		munmap((void *)page, PAGE);
	}
	for (unsigned i = 0; i < PAGE / sizeof(*own); i++) {
		if (own[i] != board->secret) {
			note(FACT_MEMORY);
		}
	}
}

static void load_policies(void)
{
	struct bw_policy_error error;
	struct vigil vigil;

	board->is_other_policy = bw_policy_load("etc/policy-other", &error) == 0;
	board_ring();
	vigil = vigil_begin(POLICY_MS);
	while (!board->has_tried_policy && vigil_go_on(&vigil)) {}
	board->is_other_policy = false;
	bw_policy_load("etc/policy", &error);
}

/* The other processor has other rights to enforce from one thread to the next. */
static void visit(void)
{
	uint64_t end = now_ms() + VISIT_MS;

	pin(CPU_ATTACKER);
	board->is_visited = true;
	board_ring();
	while (!board->is_visit_over && now_ms() < end) {
		sched_yield();
	}
	pin(CPU_OTHER);
}

static void await_round_after(uint32_t done)
{
	struct vigil vigil = vigil_begin(FOREVER_MS);

	while (board->round == done && vigil_go_on(&vigil)) {}
}

static void reap(pid_t child)
{
	if (child > 0) {
		waitpid(child, NULL, 0);
	}
}

static void await_drop(uint32_t round)
{
	struct vigil vigil = vigil_begin(FOREVER_MS);

	while (!board->has_dropped && !is_over(round) && vigil_go_on(&vigil)) {}
}

_Noreturn void victim_run(void)
{
	uint32_t done = board->round;
	pid_t dropper;

	pin(CPU_OTHER);
	who_tell(&board->root, board->secret);
	board->root_round = done;
	board_ring();
	for (;;) {
		await_round_after(done);
		done = board->round;
		await_stage_of(done, STAGE_READY);
		if (is_over(done)) {
			board->root_round = done;
			continue;
		}
		dropper = board->order.acts & ACT_VICTIM ? dropper_start() : -1;
		board->is_dropper_there = true;
		board_ring();
		await_stage_of(done, STAGE_STORED);
		if (dropper > 0) {
			await_drop(done);
		}
		if (board->stopped_round == done) {
			board->root_round = done;
			reap(dropper);
			continue;
		}
		board->is_at_work = true;
		board_ring();
		/* while a word is pulsed the attacker's processor is for nobody else */
		if (board->order.acts & ACT_VISIT && !board->store.is_pulsed) {
			visit();
		}
		if (board->order.acts & ACT_VICTIM) {
			for (unsigned i = 0; i < (board->store.is_pulsed ? NR_PULSED : 1); i++) {
				run_program();
			}
			use_memory();
		}
		if (board->order.acts & ACT_POLICY) {
			load_policies();
		}
		board->root_round = done;
		board_ring();
		reap(dropper);
	}
}
