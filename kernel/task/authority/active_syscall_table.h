/*
 * Which table of system calls serves a CPU right now. The entry code reads that word with every
 * call, so it lies at a fixed place of each CPU's part of the entry area; whoever could change it
 * could make any call. So the page is a write-rare pool's, mapped there once more, read-only, and
 * the gate writes it (mm/gate/current/calls.c), from what the current thread's entry of credentials
 * says.
 */
#pragma once

#include "core/cpu.h"
#include "core/syscall_table.h"
#include "lib/status.h"

/* Boot, once all CPUs have their parts of the entry area: every call is allowed. Panics without
 * memory. */
void table_in_force_init(void);

/* Read where the entry code reads it. */
static inline const struct syscall_table *active_syscall_table(void)
{
	return (const struct syscall_table *)PERCPU_READ(
		CPU_SEALED_OFFSET - CPU_OFFSET + offsetof(struct cpu_sealed, syscall_table));
}
/* Where this CPU's word is, for the vulnerable leak. */
uint64_t active_syscall_table_address(void);
