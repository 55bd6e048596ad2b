/*
 * Numbers for the states of a search: a hash table from a state's key to its number, counted from 0
 * in the order in which states are found. A key is a hash of the whole state and never 0. The
 * caller keeps the table less than full.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct state_table {
	uint64_t *keys;    /* 1 << bits slots; 0: free */
	uint32_t *numbers; /* as many */
	unsigned bits;
};

/* The number of this state, which is `next` if it is new. Not instrumented: the search itself is no
 * part of what it looks at. */
__attribute__((no_sanitize("thread"))) static inline uint32_t
state_table_number(struct state_table table, uint64_t key, uint32_t next, bool *is_new)
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
