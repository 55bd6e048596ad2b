/* Numbers of processes and threads: one space, and none is given out again while it is in use. */
#pragma once

#include "lib/types.h"

enum { PID_INIT = 1, PID_MAX = 32767 };

/* Caller holds process_lock for all. The next free one, going round; 0: all are taken. */
uint32_t pid_alloc(void);
void pid_free(uint32_t id);
/* The first one from there on that is taken; 0: there is none. */
uint32_t pid_next(uint32_t from);
