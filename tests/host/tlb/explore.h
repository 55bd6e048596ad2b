/*
 * Every schedule of a small scenario. The state of the program (its variables and the used parts of
 * the simulated CPUs' stacks) is saved, each possible next step is taken from it, and states seen
 * before are not entered again.
 */
#pragma once

#include "machine.h"

struct scenario {
	const char *name;
	void (*programs[SIM_CPUS_MAX])(void); /* from user mode and back; NULL: no such CPU */
	unsigned nr_nmis;                     /* in one schedule, anywhere */
	bool large;                           /* kernel pages start as parts of large ones */
	bool from_reset;                      /* explores the boot of the last CPU too */
	void (*prepare)(void);                /* of the machine before it boots; NULL: nothing */
	void (*at_end)(void);                 /* at each end; NULL: nothing */
};

/* All there are: scenarios.c. */
extern const struct scenario scenarios[];
extern const unsigned nr_scenarios;

unsigned scenario_nr_cpus(const struct scenario *scenario);

struct explored {
	uint64_t nr_states, nr_edges, nr_ends;
	const char
		*problem; /* NULL: every schedule is good and every state can still reach an end */
};

void explore_init(void);
struct explored explore(const struct scenario *scenario, const struct sim_config *config);
/* The steps that led to the problem, first one first, as text. False: there are no more. */
bool explore_trace(unsigned index, char *line, size_t size_bytes);
