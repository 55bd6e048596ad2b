/*
 * In the gate: what keeps two processors from changing one user half at once. (The kernel half's
 * lock lies beside the generations: generations.c.) A lock lies in the frame table, in the word of
 * a shadow root, whose count of entries nobody needs. What an operation has asked under it stays so
 * until it lets go. At most two are held, the lower root's first; whoever holds one is in the gate,
 * and so never held up.
 */
#pragma once

#include "mm/gate/operations.h"

/* Somebody else has it, or it is none: false. */
bool gate_lock_slowly(uint64_t *word, uint64_t free);

static inline bool gate_lock(pfn_t shadow, uint32_t number)
{
	uint64_t *word = (uint64_t *)gate_frame(shadow);
	uint64_t free =
		FRAME_WORD(.owner = OWNER_PTABLE, .flags = LEVEL_MAX | TABLE_LINKED | TABLE_SHADOW,
			   .number = number);
	uint64_t found = free;

	return LIKELY(__atomic_compare_exchange_n(word, &found, free | FRAME_WORD(.nr_used = 1),
						  false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) ||
	       gate_lock_slowly(word, free);
}
static inline void gate_unlock(pfn_t shadow)
{
	__atomic_store_n(&gate_frame(shadow)->nr_used, 0, __ATOMIC_RELEASE);
}

/* The user half of this root. False: it is the root of no address space. */
static inline bool gate_lock_root(uint32_t root)
{
	pfn_t shadow = { root + 1 };

	return pfn_is_valid(shadow) && gate_lock(shadow, root);
}
static inline void gate_unlock_root(uint32_t root) { gate_unlock((pfn_t){ root + 1 }); }
