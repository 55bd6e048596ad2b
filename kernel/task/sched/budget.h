/*
 * The meter of debug builds: how long the kernel keeps a processor without letting anybody in. With
 * budget=panic more than BUDGET_TICKS of the TSC are the end, with the name of the call; with
 * budget=log each new longest time of a call is a message. Ticks are instructions where an emulator
 * counts them (ICOUNT=0); elsewhere they tell more about the host than about the kernel.
 */
#pragma once

#include "lib/assert.h"
#include "lib/types.h"

/* 2 ms of a processor that does 100 million instructions a second. */
#define BUDGET_TICKS 200000ul

void budget_end_piece(void);
void budget_begin_piece(void);

/* Others come in here, or may at once: what went before is looked at. No lock may be held. */
static inline void budget_end(void)
{
	if (ASSERTIONS) {
		budget_end_piece();
	}
}

/* From here on they wait again. */
static inline void budget_begin(void)
{
	if (ASSERTIONS) {
		budget_begin_piece();
	}
}
