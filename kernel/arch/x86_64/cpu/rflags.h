/* The flags as C code finds them on every way in, and leaves them: the invariant of entry.asm. */
#pragma once

#include "arch/x86_64/cpu/registers.h"

static inline uint64_t rflags_read(void)
{
	uint64_t value;

	asm volatile("pushfq\n\tpop %0" : "=r"(value));
	return value;
}

static inline bool rflags_are_clean(void) { return !(rflags_read() & RFLAGS_CLEARED); }
