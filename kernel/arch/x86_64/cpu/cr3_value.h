/* CR3 as it is loaded. Host tests have one of their own behind the same name (tests/host/fake). */
#pragma once

#include "lib/types.h"

static inline uint64_t cr3_value(void)
{
	uint64_t value;

	asm volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}
