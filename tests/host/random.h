/* Random numbers that are the same in every run: xorshift64*. */
#pragma once

#include <stdint.h>

static uint64_t random_state = 0x9e3779b97f4a7c15;

static inline uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1d;
}

/* 0 <= result < limit */
static inline uint64_t random_below(uint64_t limit) { return random_next() % limit; }
