/* Alarms: a process gets SIGALRM at a time, once or again and again. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/* Times in nanoseconds; 0: none. */
struct alarm {
	uint64_t left_ns;  /* from now on */
	uint64_t every_ns; /* then again after this */
};

/* Boot, once there is a scheduler; and once protection has begun, as the sleeper may run anywhere.
 */
void alarm_init(void);
void alarm_start(void);
/* Of the current process; what there was before goes to *old. */
void alarm_set(const struct alarm *wish, struct alarm *old);
void alarm_get(struct alarm *out);
