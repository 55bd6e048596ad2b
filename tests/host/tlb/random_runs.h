/* Random schedules of random work on the simulated machine. A seed decides everything about a run. */
#pragma once

#include "machine.h"

void random_runs_init(void);
/* One machine from reset to the end of its steps. NULL, or what went wrong. */
const char *random_run(uint64_t seed);
/* The index-th of the last run's last steps, oldest first, as text. False: there are no more. */
bool random_runs_trace(unsigned index, char *line, size_t size_bytes);
/* What a step's detail is, in words. */
void sim_describe(const char *event, uint64_t detail, char *text, size_t size_bytes);
