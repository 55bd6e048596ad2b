/* Which processors there are, and which one we run on. */
#pragma once

#include <stdbool.h>

/* As many as the calling thread may run on. */
int cpus_count(void);
/* The calling thread runs on this one only, the nth of those it might run on. False: it cannot. */
bool cpus_pin(int nth);
/* Where the calling thread runs now. */
int cpus_current(void);
/* QEMU's code generator emulates them, which does not check all that a processor does. */
bool cpus_are_tcg(void);
