/* A pool of the host's memory: the sanitizers watch each object, and memory can run out. */
#pragma once

#include <stdbool.h>

/* The allocation after this many fails, once; -1: none does. */
void fake_pool_fail_after(int nr);
bool fake_pool_has_failed(void);
/* Objects that nobody has given back. */
unsigned fake_pool_nr_objects(void);
void fake_pool_clear(void);
