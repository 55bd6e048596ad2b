/*
 * Stopping the world: every other CPU waits at the border of the kernel, holding no lock and in the
 * middle of nothing.
 */
#pragma once

/*
 * Blocks until all other online CPUs wait; they serve TLB requests meanwhile. No lock may be held.
 * One stop at a time: a second caller waits, as one of the stopped, for the first to end.
 */
void rendezvous_stop_others(void);
void rendezvous_release(void);

/* The interrupt's handler, from user mode or the idle loop. */
void rendezvous_park(void);
