/*
 * Stores to words of kernel memory, one after the other, and asks the kernel after each what it led
 * to.
 *
 * Lines for tools/sweep: @g 1 there is a gate, @s before a store, @v what came of it, @a an audit,
 * @n how many stores there are in all, @last there is none left, @broken it cannot go on, @end.
 */
#pragma once

#include "board.h"

enum { ROUND_MS = 1500 };

struct setup {
	uint64_t nr_stores, nr_per_audit;
	uint64_t end;      /* of the indices */
	uint64_t round_ms; /* an attacker that takes longer is ended */
	struct order order;
};

/* Caller is root. An exit status. */
int referee_run(const struct setup *setup);
/* One store, by the names of word and value, and what is done after it: enum act. */
int referee_run_one(const char *name, const char *value, uint32_t acts);
