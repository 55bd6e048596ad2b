/*
 * Stopping the world: every other CPU waits at the border of the kernel, holding no lock and in the
 * middle of nothing.
 */
#pragma once

#include "lib/types.h"

/*
 * Blocks until all other online CPUs wait; they serve TLB requests meanwhile. No lock may be held.
 * One stop at a time: a second caller waits, as one of the stopped, for the first to end.
 */
void rendezvous_stop_others(void);
/* While they are stopped: once a stop, every CPU calls the function. Blocks until all have. */
void rendezvous_run(void (*function)(void));
void rendezvous_release(void);
/* Is this CPU one of those that wait, or the one that they wait for? False on one that has yet to
 * be stopped: it goes on with what it does. */
bool rendezvous_involves_us(void);

/* The interrupt's handler, from user mode or the idle loop. */
void rendezvous_park(void);
