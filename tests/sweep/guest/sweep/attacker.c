/* The attacker: one store, and what may be led astray by it. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "choose.h"
#include "places.h"
#include "use.h"

enum {
	NR_PAGES = 6,
	WAIT_MS = 500,
	SETTLE_YIELDS = 20,
	REFUSED = 2,
	VISIT_MS = 20,
	AWAIT_MS = 100,
	VISIT_CALLS = 80
};
enum { CALLS_STEP = 7, CALLS_MAX = 40 };
enum { SPIN_STEP = 701, SPINS_MAX = 500, SPINS_BETWEEN = 300, PULSE_MS = 200 };

static long endpoint;

static void must(bool is_done)
{
	if (!is_done) {
		board->refused |= board->act;
	}
}

static void *new_page(void)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(page != MAP_FAILED);
	return page == MAP_FAILED ? NULL : page;
}

/* A page that was never touched. */
static void fault(void)
{
	volatile uint64_t *page = new_page();

	if (page != NULL) {
		use_page(page);
		*page = *page == 0 ? 1 : *page;
	}
}

/* ---- The peer: waits in the kernel, on the other processor ---- */

static _Noreturn void peer_run(void)
{
	struct bw_message message = { .place = new_page() };

	pin(CPU_OTHER);
	who_tell(&board->peer, 0);
	board->is_other_told = true;
	board_ring();
	if (bw_ipc_receive(endpoint, &message) > 0) {
		use_flags();
		use_page((void *)board->peer.page);
		fault();
		if (message.page != NULL) {
			use_page(message.page);
		}
		bw_ipc_reply_receive(endpoint, &message);
	}
	for (;;) {
		pause();
	}
}

void peer_need(void)
{
	if (board->is_other_told) {
		return;
	}
	endpoint = bw_endpoint_create();
	if (fork() == 0) {
		peer_run();
	}
	flag_await(&board->is_other_told, WAIT_MS);
	usleep(300); /* it goes on into the kernel */
}

/* ---- What is done after the store ---- */

static void act_calls(void)
{
	for (unsigned i = 0; i < SETTLE_YIELDS; i++) {
		must(getuid() == ATTACKER);
		sched_yield();
	}
	usleep(200);
	use_flags();
	must(getpid() == (int)board->self.pid);
}

static void act_pages(void)
{
	use_page((void *)board->self.page);
	for (unsigned i = 0; i < NR_PAGES; i++) {
		fault();
	}
	must(mprotect((void *)board->self.page, PAGE, PROT_READ) == 0);
	must(mprotect((void *)board->self.page, PAGE, PROT_READ | PROT_WRITE) == 0);
}

static void act_pools(void)
{
	uint64_t object = 0;

	must(bw_vuln_pool_seal(board->pool_object) == 0);
	must(bw_vuln_pool_destroy(board->pool_object) == 0);
	if (bw_vuln_pool_open(&object) != 0) {
		board->refused |= board->act;
		return;
	}
	must(bw_vuln_pool_seal(object) == 0);
	must(bw_vuln_pool_destroy(object) == 0);
}

static void act_grant(void)
{
	struct bw_message message = { .page = new_page(), .place = new_page() };

	*(volatile uint64_t *)message.page = 1;
	must(bw_ipc_call(endpoint, &message) == 0);
	if (message.page != NULL) {
		use_page(message.page);
	}
}

static void reap(pid_t child, int expected)
{
	int status;

	must(child > 0 && waitpid(child, &status, 0) == child && status == expected);
}

static void act_fork(void)
{
	enum { STATUS_FAULTED = 11 };
	pid_t child = fork();

	if (child == 0) {
		pin(CPU_OTHER);
		use_page((void *)board->self.page);
		use_flags();
		fault();
		use_ports();
		_exit(0);
	}
	reap(child, STATUS_FAULTED);
}

static void act_exec(void)
{
	enum { CALL_MADE = 255 };
	int status = canary_run();

	if (status == CALL_MADE) {
		note(FACT_CALL);
	}
	must(status == board->canary_sum);
}

/* In the other policy this program's rule forbids a call. */
static void act_policy(void)
{
	flag_await(&board->is_other_policy, WAIT_MS);
	if (board->is_other_policy && syscall(SYS_umask, 0) >= 0 && board->is_other_policy) {
		note(FACT_CALL);
	}
	board->has_tried_policy = true;
	board_ring();
}

/* Root's process comes and goes here, while a child is on the other processor. */
static void act_visit(void)
{
	pid_t child;

	flag_await(&board->is_visited, VISIT_MS);
	child = fork();
	if (child == 0) {
		pin(CPU_OTHER);
		for (unsigned i = 0; i < VISIT_CALLS; i++) {
			(void)getpid();
		}
		_exit(0);
	}
	for (unsigned i = 0; i < VISIT_CALLS / 4; i++) {
		sched_yield();
	}
	reap(child, 0);
	board->is_visit_over = true;
}

/* Page faults first: what forks would have their pages. */
static void act(void)
{
	static const struct {
		enum act act;
		void (*run)(void);
	} acts[] = {
		{ ACT_PAGES, act_pages }, { ACT_CALLS, act_calls },   { ACT_VISIT, act_visit },
		{ ACT_POOLS, act_pools }, { ACT_GRANT, act_grant },   { ACT_FORK, act_fork },
		{ ACT_EXEC, act_exec },   { ACT_POLICY, act_policy },
	};

	for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (board->order.acts & acts[i].act) {
			board->act = acts[i].act;
			acts[i].run();
		}
	}
	board->act = ACT_STORE;
}

/* ---- The store ---- */

/* Where the store must be refused, one that changes nothing is, too: this process ends in it, and
 * needs nobody beside it. */
static void try_store(const struct store *store)
{
	if (!store->is_device && (store->is_protected || !store->has_old)) {
		stage_set(STAGE_TRYING);
		bw_vuln_store(store->address, store->has_old ? store->old : store->value,
			      store->size);
	}
}

static void store(const struct store *store)
{
	uint64_t mask = store->size == 8 ? ~0ul : (1ul << 8 * store->size) - 1;

	stage_set(STAGE_STORING);
	must(bw_vuln_store(store->address, store->value, store->size) == 0);
	if (store->is_protected &&
	    (store->is_device ||
	     (store->has_old && (read_word(store->address) & mask) == store->value))) {
		note(FACT_WRITTEN);
	}
	stage_set(STAGE_STORED);
}

/* Unless somebody has changed it since. */
static void restore(const struct store *store)
{
	uint64_t mask = store->size == 8 ? ~0ul : (1ul << 8 * store->size) - 1;

	if (store->has_old && (read_word(store->address) & mask) == store->value) {
		bw_vuln_store(store->address, store->old, store->size);
	}
	stage_set(STAGE_RESTORED);
}

static bool is_awaited(void)
{
	return board->order.acts & (ACT_VICTIM | ACT_POLICY | ACT_VISIT) &&
	       board->root_round != board->round;
}

/* What root's process does meanwhile is done with the store in place, too. */
static void await_victim(void)
{
	struct vigil vigil = vigil_begin(WAIT_MS);

	while (is_awaited() && vigil_go_on(&vigil)) {}
}

static void spin(unsigned nr)
{
	for (volatile unsigned i = 0; i < nr; i++) {}
}

/*
 * Sets the word for moments, while root's process works. Blocks nowhere: so short are they. Ends at
 * once where calls are not served as usual, by the rule of the program that root's process runs:
 * that does not last.
 */
static void pulse(const struct store *store)
{
	uint64_t end = now_ms() + PULSE_MS;
	int usual;

	(void)setsid();
	errno = 0;
	(void)setsid();
	usual = errno;
	for (unsigned i = 0; is_awaited() && now_ms() < end && errno == usual; i++) {
		bw_vuln_store(store->address, store->value, store->size);
		for (unsigned calls = i * CALLS_STEP % CALLS_MAX; calls && errno == usual;
		     calls--) {
			(void)setsid();
		}
		bw_vuln_store(store->address, store->old, store->size);
		spin(SPINS_BETWEEN + i * SPIN_STEP % SPINS_MAX);
		(void)setsid();
	}
}

/* For what root's process does first. */
static void await(const volatile bool *flag)
{
	if (board->order.acts & ACT_VICTIM) {
		flag_await(flag, AWAIT_MS);
	}
}

_Noreturn void attacker_run(void)
{
	if (bw_job_begin(BW_JOB_ATTACK) != 0 || setuid(ATTACKER) != 0 || !pin(CPU_ATTACKER)) {
		_exit(REFUSED);
	}
	who_tell(&board->self, 0);
	if (!store_choose()) {
		board->is_at_end = true;
		_exit(0);
	}
	stage_set(STAGE_CHOSEN);
	stage_await(STAGE_GO, WAIT_MS);
	try_store(&board->store);
	stage_set(STAGE_READY);
	bw_vuln_pool_open(&board->pool_object);
	peer_need();
	await(&board->is_dropper_there);
	store(&board->store);
	await(&board->has_dropped);
	if (board->store.is_pulsed) {
		await(&board->is_at_work);
		pulse(&board->store);
	} else if (!(board->facts & FACT_SETUID)) {
		act();
		await_victim();
	}
	restore(&board->store);
	_exit(0);
}
