/* The flag: a secret that only the kernel knows, so whoever knows it has read kernel memory. */
#pragma once

#include "lib/types.h"

extern uint64_t flag_value; /* what attacks read */

/* Draws it. */
void flag_init(void);
bool flag_is(uint64_t value);
