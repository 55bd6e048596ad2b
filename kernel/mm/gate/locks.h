/*
 * In the gate: what keeps two processors from changing one user half at once. (The kernel half's
 * lock lies beside the generations: generations.c.) A lock lies in the frame table, in the word of
 * a shadow root, whose count of entries nobody needs; its number is the user half's generation.
 * What an operation has asked under it stays so until it lets go. At most two are held, the lower
 * root's first; whoever holds one is in the gate, and so never held up.
 */
#pragma once

#include "mm/gate/operations.h"

/* Whatever the number is. */
#define LOCK_FREE                                                                                  \
	FRAME_WORD(.owner = OWNER_PTABLE, .flags = LEVEL_MAX | TABLE_LINKED | TABLE_SHADOW)

/* Somebody else has it, or it is none: false. */
bool gate_lock_slowly(uint64_t *word);

static inline bool gate_lock(pfn_t shadow)
{
	uint64_t *word = (uint64_t *)gate_frame(shadow);
	uint64_t free = (*word & FRAME_WORD(.number = UINT32_MAX)) | LOCK_FREE;

	return LIKELY(__atomic_compare_exchange_n(word, &free, free | FRAME_WORD(.nr_used = 1),
						  false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) ||
	       gate_lock_slowly(word);
}
/* Of the root that is loaded here, by the word of its shadow root: that it is one need not be
 * asked, as a processor's root stays one (docs/gate.md, Invariant C). False: somebody else has it.
 */
static inline bool gate_lock_loaded(struct frame *shadow)
{
	uint64_t locked = FRAME_WORD(.nr_used = 1);

	return LIKELY(!(__atomic_fetch_or((uint64_t *)shadow, locked, __ATOMIC_ACQUIRE) & locked));
}
static inline void gate_unlock_loaded(struct frame *shadow)
{
	__atomic_store_n(&shadow->nr_used, 0, __ATOMIC_RELEASE);
}
static inline void gate_unlock(pfn_t shadow) { gate_unlock_loaded(gate_frame(shadow)); }

/* The user half of this root. False: it is the root of no address space. */
static inline bool gate_lock_root(uint32_t root)
{
	pfn_t shadow = { root + 1 };

	return root % 2 == 0 && pfn_is_valid(shadow) && gate_lock(shadow);
}
static inline void gate_unlock_root(uint32_t root) { gate_unlock((pfn_t){ root + 1 }); }
