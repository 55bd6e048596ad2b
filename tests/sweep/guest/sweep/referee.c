/* Sees to each store, and asks the kernel after it what it led to. */
#include "referee.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "areas.h"
#include "choose.h"
#include "places.h"

enum { POLL_US = 200, TURN_US = 2000 };

static pid_t victim;
static uint64_t round_ms;

/* Blocks. False: it has not ended in time, and was killed. */
static bool await_child(pid_t child, uint64_t milliseconds, int *status)
{
	uint64_t end = now_ms() + milliseconds;

	while (waitpid(child, status, WNOHANG) != child) {
		if (now_ms() > end) {
			kill(child, SIGKILL);
			waitpid(child, status, 0);
			return false;
		}
		usleep(POLL_US);
	}
	return true;
}

static bool victim_start(void)
{
	struct vigil vigil;

	board->root_round = board->round - 1;
	victim = fork();
	if (victim == 0) {
		victim_run();
	}
	vigil = vigil_begin(round_ms);
	while (victim > 0 && board->root_round != board->round && vigil_go_on(&vigil)) {}
	if (board->root_round != board->round) {
		return false;
	}
	board->self = board->peer = board->root;
	places_keep();
	areas_find();
	places_kept();
	choices_make();
	return true;
}

/* True: it is there again, or was never gone. */
static bool victim_is_well(void)
{
	int status;

	if (waitpid(victim, &status, WNOHANG) == 0) {
		return true;
	}
	board->refused |= ACT_VICTIM;
	return victim_start();
}

static void say_store(void)
{
	const struct store *store = &board->store;

	if (board->order.is_exhaustive) {
		printf("@n %lu\n", board->nr_words);
	}
	printf("@s %lu %s %s %lx %lu %lx %lx %d\n", board->index, store->name, store->value_name,
	       store->address, store->size, store->value, store->old, store->is_protected);
	fflush(stdout);
}

static bool is_storing(void)
{
	return board->stage == STAGE_TRYING || board->stage == STAGE_STORING;
}

/* Where the attacker rings no more it may end at any time. */
static void await_attacker(struct vigil *vigil)
{
	if (is_storing() || board->stage == STAGE_RESTORED) {
		usleep(POLL_US);
		vigil->heard = board->bell;
	} else {
		struct vigil turn = { vigil->heard, now_ns() + TURN_US * 1000 };

		vigil_go_on(&turn);
		vigil->heard = turn.heard;
	}
}

/* The attacker chooses, the store is told, and made. False: it did not end by itself. */
static bool run_attacker(pid_t attacker, int *status)
{
	struct vigil vigil = vigil_begin(round_ms);
	bool is_told = false;

	while (waitpid(attacker, status, WNOHANG) != attacker) {
		if (!is_told && board->stage == STAGE_CHOSEN) {
			/* the policy changes the rules of processes: by what says which program one
			 * runs */
			if (strncmp(board->store.name, "process:", strlen("process:")) != 0) {
				board->order.acts &= ~(uint32_t)ACT_POLICY;
			}
			say_store();
			stage_set(STAGE_GO);
			is_told = true;
		} else {
			await_attacker(&vigil);
		}
		if (now_ns() > vigil.end_ns) {
			kill(attacker, SIGKILL);
			waitpid(attacker, status, 0);
			return false;
		}
	}
	return true;
}

/* By a fault at the word itself: it is what it was. */
static bool is_stopped_store(const struct bw_report *report)
{
	return is_storing() && report->end == BW_END_KERNEL_FAULT &&
	       report->fault_address - board->store.address < board->store.size;
}

static const char *verdict_of(uint32_t facts, const struct bw_report *report, int status)
{
	if (facts != 0) {
		return "breach";
	}
	if (is_storing() && report->end == BW_END_KERNEL_FAULT) {
		return "fault";
	}
	return status != 0 || board->refused ? "refusal" : "nothing";
}

/* What the attacker could not put back. In a child: it may be gone by now. */
static void restore(void)
{
	const struct store *store = &board->store;
	uint64_t mask = store->size == 8 ? ~0ul : (1ul << 8 * store->size) - 1;
	pid_t child;
	int status;

	if (board->stage != STAGE_STORED || !store->has_old || !store->is_lasting) {
		return;
	}
	child = fork();
	if (child == 0) {
		if (((uint64_t)bw_vuln_read(store->address) & mask) == store->value) {
			bw_vuln_store(store->address, store->old, store->size);
		}
		_exit(0);
	}
	if (child > 0) {
		await_child(child, round_ms, &status);
	}
}

/* One store. False: the sweep cannot go on. */
static bool run_round(uint32_t acts)
{
	struct bw_report report = { 0 };
	struct bw_attack attack = { 0 };
	bool is_done;
	int status = 0;
	pid_t attacker;

	board->order.acts = acts;
	board->stage = STAGE_NONE;
	board->facts = board->refused = 0;
	board->act = ACT_STORE;
	board->is_other_told = board->has_tried_policy = false;
	board->is_visited = board->is_visit_over = false;
	board->is_dropper_there = board->has_dropped = board->is_at_work = false;
	board->round++;
	board_ring();
	attacker = fork();
	if (attacker == 0) {
		attacker_run();
	}
	is_done = attacker > 0 && run_attacker(attacker, &status);
	if (bw_report(attacker, &report) < 0 || bw_attack_end(attacker, &attack) < 0) {
		printf("@broken no record of the attacker, status %d\n", status);
		return false;
	}
	bw_foreground_end();
	if (board->is_at_end || board->stage < STAGE_GO) {
		printf(board->is_at_end ? "@last\n" : "@broken stage %u, status %d\n", board->stage,
		       status);
		return false;
	}
	restore();
	board->refused |= is_done ? 0 : board->act;
	if (is_stopped_store(&report)) {
		board->stopped_round = board->round;
		board_ring();
	}
	if (board->stage < STAGE_STORED) {
		board->root_round = board->round;
	}
	if (!victim_is_well()) {
		printf("@broken no process of root's starts\n");
		return false;
	}
	printf("@v %lu %s %x %x\n", board->index,
	       verdict_of(attack.facts | board->facts, &report, status),
	       attack.facts | board->facts, board->refused | (status != 0 ? board->act : 0));
	fflush(stdout);
	board->is_breached = (attack.facts | board->facts) != 0;
	board->order.index = board->index + 1;
	return true;
}

static bool audit(void)
{
	struct bw_audit audit;

	if (bw_audit(&audit) < 0) {
		printf("@a the audit did not run\n");
		return false;
	}
	printf("@a %s\n", audit.nr_violations ? audit.first : "");
	return audit.nr_violations == 0;
}

static bool prepare(void)
{
	int status;

	board->secret = 0x5ec4e7ul << 40 | (uint64_t)getpid() << 20 | now_ms() % 1000;
	status = canary_run();
	board->canary_sum = (uint8_t)status;
	return status >= 0 && victim_start();
}

static bool set_up(const struct order *order)
{
	board = mmap(NULL, (sizeof(*board) + PAGE - 1) & ~(PAGE - 1ul), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED) {
		return false;
	}
	board->order = *order;
	pin(CPU_OTHER);
	return prepare();
}

int referee_run(const struct setup *setup)
{
	uint64_t nr_unseen = 0; /* stores since the last audit, without those that were refused */

	round_ms = setup->round_ms;
	if (!set_up(&setup->order)) {
		printf("@broken the sweep cannot be set up\n");
		return 2;
	}
	printf("@g %d\n", areas_are_guarded());
	for (uint64_t i = 1; i <= setup->nr_stores && board->order.index < setup->end; i++) {
		bool is_last = i == setup->nr_stores || board->order.index + 1 >= setup->end;

		if (!run_round(setup->order.acts)) {
			break;
		}
		/* what a breach has changed stays so, and would be taken for the next store's doing
		 */
		is_last |= board->is_breached;
		nr_unseen += board->stopped_round != board->round;
		if (nr_unseen >= setup->nr_per_audit || is_last) {
			nr_unseen = 0;
			is_last |= !audit();
		}
		if (is_last) {
			break;
		}
	}
	printf("@end\n");
	return 0;
}

int referee_run_one(const char *name, const char *value, uint32_t acts)
{
	struct setup setup = { .nr_stores = 1,
			       .nr_per_audit = 1,
			       .end = UINT64_MAX,
			       .round_ms = ROUND_MS,
			       .order = { .acts = acts } };

	snprintf(setup.order.only, sizeof(setup.order.only), "%s", name);
	snprintf(setup.order.value, sizeof(setup.order.value), "%s", value);
	return referee_run(&setup);
}
