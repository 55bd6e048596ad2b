/*
 * Parking: a vulnerable call stays inside the kernel until another thread of its process lets it
 * go. It stands for every long piece of work that a kernel does for a program, which an attacker
 * can time.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/*
 * Blocks, on this CPU, until park_release. Serves the requests of other CPUs meanwhile, as every
 * wait in the kernel does. EINTR: the process ends, or the call was
 * called off; ETIMEDOUT: nobody came.
 */
status_t park(void) MUST_CHECK;
/* The same, busy with a piece of work, again and again; requests are served between two. */
status_t park_busy(void (*work)(void *), void *argument) MUST_CHECK;

enum park_order { PARK_CALL_OFF, PARK_GO_ON };
/* To all of the process's parked threads; returns how many there were. */
unsigned park_release(uint32_t pid, enum park_order order);

/* How many of the process's threads are parked now. */
unsigned park_count(uint32_t pid);
