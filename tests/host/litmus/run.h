/* Runs a litmus test on the simulated machine (tests/host/tlb/machine.h), in every schedule. */
#pragma once

#include "program.h"
#include "tlb/explore.h"

typedef unsigned char litmus_regs[LITMUS_THREADS][LITMUS_REGS];

struct litmus_result {
	const char *problem; /* NULL: none */
	unsigned nr_outcomes;
	const litmus_regs *outcomes; /* what is possible, each once; until the next run */
	unsigned long nr_states;
};

struct litmus_result litmus_run(const struct litmus *test, bool has_pcid);
