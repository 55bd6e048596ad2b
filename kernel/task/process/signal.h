/*
 * Signals, as far as Bulwark has them: they end a process or do nothing, unless they are blocked:
 * then they are pending until they are not. No handler ever runs, and no process stops.
 */
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
	SIGNAL_ALRM = 14,
	SIGNAL_CHLD = 17,
	SIGNAL_CONT = 18,
	SIGNAL_STOP = 19,
	SIGNAL_TSTP = 20,
	SIGNAL_TTOU = 22,
	SIGNAL_URG = 23,
	SIGNAL_WINCH = 28,
	NR_SIGNALS = 65,
};

static inline uint64_t signal_bit(unsigned signal) { return 1ul << (signal - 1); }

struct process;
/* To whom: a process, all of a process group, all there are but the first one and the caller. */
enum signal_target { SIGNAL_PROCESS, SIGNAL_GROUP, SIGNAL_ALL };
/*
 * Blocks, unless it is for one process. Signal 0 only checks. ESRCH: there is nobody; EPERM:
 * another's process, unless the caller is uid 0; EINVAL: no such signal, or one that would stop the
 * process. The first process takes none.
 */
status_t signal_send(enum signal_target target, uint32_t id, unsigned signal) MUST_CHECK;
/* To one thread, of process pid or (0) of any. Errors as above. */
status_t signal_send_thread(uint32_t pid, uint32_t tid, unsigned signal) MUST_CHECK;
/* From the kernel. Caller holds process_lock. */
void signal_deliver(struct process *process, unsigned signal);
/* The console's interrupt key, which no process has pressed. */
void signal_interrupt(uint32_t pid);
/* Can what it does be changed, and can it be blocked? */
bool signal_can_be_ignored(unsigned signal);
/* Is there such a signal, and does it do anything to a process that leaves it as it is? */
bool signal_is_of_effect(unsigned signal);

/* The current thread blocks these and no others. What was pending may end the process. */
void signal_set_mask(uint64_t mask);
/* The current process ignores the signal from now on, or has its default. */
void signal_set_ignored(unsigned signal, bool is_ignored);
/* What is pending for the current thread. */
uint64_t signal_pending(void);
