/*
 * How old what a processor's TLB has of a user half may be: docs/tlb.md has the argument for each
 * order of steps here. Each user half has a generation, which rises with every entry that goes or
 * becomes stricter; each slot of a processor says of which one its PCIDs hold nothing older. Both
 * the gate alone writes, and everybody reads; with ptprot=off they are ordinary memory, and written
 * by the same code (gate/user_half.c).
 *
 * Who uses a root names it in core/current.h first, and then looks how old his slot is; who made an
 * entry stricter raises the generation first, and then looks who names the root.
 */
#pragma once

#include "core/current.h"
#include "mm/tlb/tlb_batch.h"
#include "mm/tlb/tlb_hw.h"

/* A slot's word: of a kernel root, by its frame's number. */
static inline uint64_t half_word(uint32_t root, uint32_t generation)
{
	return root | (uint64_t)generation << 32;
}
static inline uint32_t half_root(uint64_t word) { return (uint32_t)word; }
/* Of the word of roots, which begins with the root in use. */
static inline uint32_t half_left(uint64_t roots) { return (uint32_t)(roots >> 32); }

/* Does a slot's word say that of this root it holds nothing older than `since`? None is of a
 * generation to come. */
static inline bool half_is_fresh(uint64_t word, uint32_t root, uint32_t since, uint32_t newest)
{
	return half_root(word) == root && (uint32_t)(word >> 32) - since <= newest - since;
}

/* May that processor use what is older than this generation, which the root had or has? Whoever
 * names the root after this look finds it. */
static inline bool half_lags(const struct current *current, uint32_t root, uint32_t since)
{
	uint64_t roots = tlb_hw_read(&current->roots);
	unsigned slot = 0, last = NR_ASIDS - 1;
	uint32_t newest;

	if (half_root(roots) == root) {
		slot = last = __atomic_load_n(&current->slot, __ATOMIC_RELAXED);
	} else if (LIKELY(half_left(roots) != root)) {
		return false;
	}
	newest = tlb_hw_generation(root);
	while (!half_is_fresh(tlb_hw_read(&current->slots[slot].word), root, since, newest)) {
		if (slot++ == last) {
			return true;
		}
	}
	return false;
}
/* No processor may use what is older than the root's generation. */
bool half_is_complete(uint32_t root);

/*
 * In the gate, and with ptprot=off: an entry of this root's user half went, or is stricter. Full
 * barrier. After that, for `own` processor: flushes the pages of 4 KiB that this was about, if its
 * slot held all before. False: nothing was done.
 */
void half_raise(uint32_t root);
bool half_flush_pages(struct current *own, uint32_t root, struct tlb_batch pages);
