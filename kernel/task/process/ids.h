/* Numbers of processes and threads: one space, and none is given out again while it is in use. */
#pragma once

#include "lib/types.h"

enum { ID_INIT = 1, ID_MAX = 32767 };

/* Caller holds process_lock for all. The next free one, going round; 0: all are taken. */
uint32_t id_take(void);
void id_give_back(uint32_t id);
/* The first one from there on that is taken; 0: there is none. */
uint32_t id_next(uint32_t from);
