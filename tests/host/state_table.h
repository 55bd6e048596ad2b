/*
 * Numbers for the states of a search: a hash table from a state's key to its number, counted from 0
 * in the order in which states are found. A key is a hash of the whole state and never 0. The
 * caller keeps the table less than full.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Not instrumented: the search itself is no part of what it looks at. */
#define NO_HOOKS __attribute__((no_sanitize("thread")))

struct state_table {
	uint64_t *keys;    /* 1 << bits slots; 0: free */
	uint32_t *numbers; /* as many */
	unsigned bits;
};

NO_HOOKS static inline uint64_t state_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* A state's key. Four sums, none of which waits for another, each over pairs of words. */
NO_HOOKS static inline uint64_t state_key(const unsigned char *bytes, size_t nr_bytes)
{
	enum { SUMS = 4 };
	static const uint64_t key = 0x9fb21c651e98df25;
	uint64_t sums[SUMS] = { nr_bytes, 1, 2, 3 }, words[2 * SUMS];

	for (size_t i = 0; i < nr_bytes; i += sizeof(words)) {
		size_t left = nr_bytes - i;

		if (left < sizeof(words)) {
			memset(words, 0, sizeof(words));
			memcpy(words, bytes + i, left);
		} else {
			memcpy(words, bytes + i, sizeof(words));
		}
		for (unsigned k = 0; k < SUMS; k++) {
			sums[k] = state_fold(sums[k] ^ words[2 * k], key ^ words[2 * k + 1]) + i;
		}
	}
	for (unsigned k = 1; k < SUMS; k++) {
		sums[0] = state_fold(sums[0] ^ key, sums[k] ^ k);
	}
	return sums[0] | 1;
}

/* The number of this state, which is `next` if it is new. */
NO_HOOKS static inline uint32_t state_table_number(struct state_table table, uint64_t key,
						   uint32_t next, bool *is_new)
{
	uint32_t slot = (uint32_t)(key >> (64 - table.bits));

	while (table.keys[slot] && table.keys[slot] != key) {
		slot = (slot + 1) % (1u << table.bits);
	}
	*is_new = !table.keys[slot];
	if (*is_new) {
		table.keys[slot] = key;
		table.numbers[slot] = next;
	}
	return table.numbers[slot];
}
