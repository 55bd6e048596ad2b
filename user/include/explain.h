/* Asking the kernel what lies at an address: docs/faults.md. -EPERM unless uid 0. */
#pragma once

#include "bulwark.h"

/*
 * What lies at an address, whatever it is, for a process (pid 0: the caller), and what would become
 * of reading, writing and running it. -ESRCH: no such process, or it has no memory any more.
 */
static inline long bw_explain(uint64_t address, pid_t pid, struct bw_explanation *explanation)
{
	return bw_call_explain((long)address, pid, (long)explanation);
}

/* The function of the kernel with this index, by address; -ENOENT past the last one. */
static inline long bw_symbol(unsigned int index, struct bw_symbol *symbol)
{
	return bw_call_symbol(index, (long)symbol);
}
