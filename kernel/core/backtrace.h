/* Return addresses, by following saved frame pointers. */
#pragma once

#include "lib/types.h"

/* Whether len_bytes from address on can be read without a fault. */
typedef bool backtrace_readable(uint64_t address, size_t len_bytes);

/*
 * Collects at most `max` return addresses, innermost first, from the frame that rbp points at.
 * Returns how many. Never faults and always ends: it reads only what `readable` allows and goes
 * only upward on the stack.
 */
unsigned backtrace_collect(uint64_t rbp, uint64_t *addresses, unsigned max,
			   backtrace_readable *readable);
