/* Return addresses, by following saved frame pointers. */
#pragma once

#include "lib/types.h"

/* The eight bytes at an address; false where they cannot be read. Never faults. */
typedef bool backtrace_read(uint64_t address, uint64_t *out);

/*
 * Collects at most `max` return addresses, innermost first, from the frame that rbp points at.
 * Returns how many. Never faults and always ends: it reads through `read` and goes only
 * upward on the stack.
 */
unsigned backtrace_collect(uint64_t rbp, uint64_t *addresses, unsigned max, backtrace_read *read);
