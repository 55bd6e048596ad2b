/*
 * Random schedules of random work on the simulated machine. A seed decides everything about a run.
 */
#pragma once

#include "machine.h"

/* One machine from reset to the end of its steps. NULL, or what went wrong. */
const char *random_run(uint64_t seed);
/* The index-th of the last run's last steps, oldest first, as text. False: there are no more. */
bool random_runs_trace(unsigned index, char *line, size_t size_bytes);
