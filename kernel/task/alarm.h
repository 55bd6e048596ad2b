/* Alarms: a process gets SIGALRM at a time, once or again and again. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/* Times in nanoseconds; 0: none. */
struct alarm {
	uint64_t left_ns;  /* from now on */
	uint64_t every_ns; /* then again after this */
};

/* Of the current process; what there was before goes to *old. ENOMEM: and nothing changed. */
status_t alarm_set(const struct alarm *wish, struct alarm *old) MUST_CHECK;
void alarm_get(struct alarm *out);
