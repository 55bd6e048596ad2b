/* Does what only the gate may: stores to protected memory, as tests have to. Nothing that runs
 * meanwhile may open the gate itself. */
#pragma once

#include "arch/x86_64/cpu/registers.h"
#include "core/cpu.h"

#define FORCE(statement)                                                                           \
	do {                                                                                       \
		uint64_t forced_cr0 = cr0_read();                                                  \
                                                                                                   \
		cr0_write(forced_cr0 & ~CR0_WP);                                                   \
		statement;                                                                         \
		cr0_write(forced_cr0);                                                             \
	} while (0)

/* As if another process were the current one, by its number. */
#define AS_PROCESS(number, statement)                                                              \
	do {                                                                                       \
		struct current *forced_current = (struct current *)(uint64_t)current_here();       \
		uint32_t forced_pid = forced_current->pid;                                         \
                                                                                                   \
		FORCE(forced_current->pid = (number));                                             \
		statement;                                                                         \
		FORCE(forced_current->pid = forced_pid);                                           \
	} while (0)
