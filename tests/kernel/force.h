/* Does what only the gate may: stores to protected memory, as tests have to. Nothing that runs
 * meanwhile may open the gate itself. */
#pragma once

#include "arch/x86_64/registers.h"

#define FORCE(statement)                                                                           \
	do {                                                                                       \
		uint64_t forced_cr0 = cr0_read();                                                  \
                                                                                                   \
		cr0_write(forced_cr0 & ~CR0_WP);                                                   \
		statement;                                                                         \
		cr0_write(forced_cr0);                                                             \
	} while (0)
