/*
 * What a CPU does in the middle of something long. Interrupts are off in the kernel, so nothing
 * comes in between unless it is let in here.
 *
 *   poll_requests    of a wait, with whatever locks held: serves the TLB requests of other CPUs, so
 *                    that no two waits can block each other
 *   poll_interrupts  of a long search: where no lock is held, interrupts as well
 *   poll_call        between two pieces of a long call: interrupts and other threads as well
 *
 * How much a piece may do: docs/calls.md.
 */
#pragma once

#include "lib/types.h"

/* Set by mm/tlb/tlb.c once there is something to serve. */
extern void (*poll_hook)(void);

static inline void poll_requests(void)
{
	if (poll_hook) {
		poll_hook();
	}
}

/* Set by task/sched/call_pieces.c once threads run; before that there is nobody to let in. */
struct poll_hooks {
	bool (*call)(void);
	void (*interrupts)(void);
	bool (*wait)(const void *what, bool (*is_over)(const void *what));
	void (*wake_one)(const void *what);
};
extern struct poll_hooks poll_hooks;

/*
 * Of a search that whoever calls may hold a lock around: serves requests; takes the interrupts that
 * are pending where no lock is held. No other thread runs, so others may wait for the caller.
 */
static inline void poll_interrupts(void)
{
	poll_requests();
	if (poll_hooks.interrupts) {
		poll_hooks.interrupts();
	}
}

/*
 * The end of a piece. Blocks: takes the interrupts that are pending, and lets other threads run
 * when it is their turn; the caller may go on on another CPU. True: the caller's thread must end.
 * What it does for the program it leaves then; what it owes others it goes on with.
 *
 * Not with a lock held or the window open, and not between sched_prepare and sched_block, as a wake
 * would be lost. At least one for every 200,000 instructions of a call: the meter of debug builds
 * (budget=panic) panics otherwise.
 */
static inline bool poll_call(void) { return poll_hooks.call && poll_hooks.call(); }

/*
 * Blocks until is_over(what), whose change poll_wake_one tells, or the caller's thread must end.
 * Who came back wakes the next when it has done what it waited for. True: it must. No lock may be
 * held.
 */
static inline bool poll_wait(const void *what, bool (*is_over)(const void *what))
{
	return poll_hooks.wait && poll_hooks.wait(what, is_over);
}

/* Wakes the one that waits longest for it. No lock of the rank `wait` or a later one may be held.
 */
static inline void poll_wake_one(const void *what)
{
	if (poll_hooks.wake_one) {
		poll_hooks.wake_one(what);
	}
}
