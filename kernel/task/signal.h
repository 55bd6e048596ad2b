/* Signals, as far as Bulwark has them: they end a process or do nothing. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

/* Linux's numbers. */
enum signal {
	SIGNAL_INT = 2,
	SIGNAL_ILL = 4,
	SIGNAL_TRAP = 5,
	SIGNAL_BUS = 7,
	SIGNAL_FPE = 8,
	SIGNAL_KILL = 9,
	SIGNAL_SEGV = 11,
	SIGNAL_CHLD = 17,
	SIGNAL_CONT = 18,
	SIGNAL_STOP = 19,
	SIGNAL_TTOU = 22,
	SIGNAL_URG = 23,
	SIGNAL_WINCH = 28,
	NR_SIGNALS = 65,
};

/*
 * Signal 0 only checks. ESRCH; EINVAL: no such signal; EPERM: another's process, unless the caller
 * is uid 0, or the first process.
 */
status_t signal_send(uint32_t pid, unsigned signal) MUST_CHECK;
/* The console's interrupt key, which no process has pressed. */
void signal_interrupt(uint32_t pid);
/* Can the signal be ignored? */
bool signal_can_be_ignored(unsigned signal);
