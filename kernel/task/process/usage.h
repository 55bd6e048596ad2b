/* What a process has used, as calls tell it. */
#pragma once

#include "lib/types.h"

/* Linux's struct rusage. What is not counted is 0. */
struct usage {
	uint64_t user_s, user_us;
	uint64_t kernel_s, kernel_us;
	uint64_t not_counted[14];
};
static_assert(sizeof(struct usage) == 144, "Linux's struct rusage");

/* From processor time in ticks of the TSC. */
void usage_fill(struct usage *usage, uint64_t ticks);
