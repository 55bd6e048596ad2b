/* From a scenario's description to a machine that is about to run it. */
#pragma once

#include "explore.h"

/* Boots; each CPU has gone as far as it can without others noticing it. */
void scenario_begin(const struct scenario *scenario);
/* Fails unless everything has ended, and nothing is left of it. */
void scenario_check_end(void);

/* The processes and threads, for programs. A thread that has ended must not be used. */
extern struct process *processes[PROGRAMS_MAX];
extern struct thread *threads[PROGRAMS_MAX];
