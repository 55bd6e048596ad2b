/*
 * Every schedule of a small scenario: depth first, with the state saved at each step, and states
 * seen before not entered again. A state is what differs from the one that the scenario begins
 * with, in lines of the program's variables, and the stacks in use. States are told apart by a hash
 * of 64 bits. A search that has seen as many as there is room for (twelve million; one
 * that is not long, 780,000) ends, and says so: what it went through it went through depth first.
 */
#pragma once

#include "kernel.h"

enum { PROGRAMS_MAX = 3 };

struct scenario {
	const char *name;
	/* One thread each; a process has those with the same number. */
	void (*programs[PROGRAMS_MAX])(void);
	unsigned process[PROGRAMS_MAX];
	unsigned nr_cpus;
	unsigned nr_ticks; /* how often the clock goes on, and every timer goes off */
	bool is_pinned;    /* program N stays on CPU N */
	bool is_family;    /* process 0 is the parent of the others */
	bool is_long;      /* in `make soak` alone */
	void (*setup)(struct process **processes, struct thread **threads);
	void (*check)(void); /* at each end */
};

/* All there are: scenarios_*.c; each list ends with one that has no name. */
extern const struct scenario scenarios_sched[], scenarios_futex[], scenarios_exit[],
	scenarios_ipc[];

struct explored {
	uint64_t nr_states, nr_steps, nr_ends;
	bool is_cut; /* there were more states than the search has room for */
	const char
		*problem; /* NULL: every schedule is good, and from every state an end is reached */
};

/* Once per program. */
struct explored explore(const struct scenario *scenario);
/* Prints the steps that led to the problem. */
void explore_print(void (*print)(const char *format, ...));
