/*
 * In the gate: pages of a user half, from the first mapping of a frame to the last. An operation
 * names entries, and finds the frames there; a frame that comes is free, or fresh and this address
 * space's. Under the lock of the root, so that who maps and who unmaps see the same.
 *
 * A page that goes is parked first: not present, but its entry still names the frame. Once no TLB
 * can hold it, it is released: what no entry names any more is zeroed, and free.
 */
#pragma once

#include "arch/x86_64/cpu/features.h"
#include "mm/gate/current/user_half.h"
#include "mm/gate/half/entries.h"
#include "mm/gate/locks.h"
#include "mm/gate/operations.h"
#include "mm/gate/without.h"

/* The owner of a page lets it go to another address space, or another's come in its place. */
#define BITS_OF_CONSENT (PTE_OFFERED | PTE_ACCEPTS)

/* What the processor and the kernel itself note in a user page's entry. */
#define BITS_OF_USER_LEAF                                                                          \
	(FRAME_NUMBER_BITS | PTE_PRESENT | PTE_WRITABLE | PTE_USER | PTE_ACCESSED | PTE_DIRTY |    \
	 PTE_COPY | PTE_SHARED | PTE_PARKED | PTE_NO_EXECUTE)

/* Of these and no other: readable, and not writable and executable. */
#define BITS_OF_PLAIN_LEAF (FRAME_NUMBER_BITS | PTE_WRITABLE | PTE_NO_EXECUTE)

/* These rights and no other bits; never writable and executable. */
static inline bool leaf_has_rights(pte_t pte, unsigned level)
{
	uint64_t size = level == 2 ? PTE_HUGE : 0;
	uint64_t within = level == 2 ? HUGE_SIZE - PAGE_SIZE : 0;

	if (LIKELY((pte.value & ~BITS_OF_PLAIN_LEAF) == (PTE_PRESENT | PTE_USER) && level == 1 &&
		   (!pte_is_writable(pte) || !pte_is_executable(pte)))) {
		return true;
	}
	return !(pte.value & ~(BITS_OF_USER_LEAF | size)) && (pte.value & size) == size &&
	       !(pte.value & within) && pte_holds_frame(pte) &&
	       (pte_is_user(pte) || !pte_is_present(pte)) &&
	       (!pte_is_writable(pte) || !(pte.value & PTE_COPY)) &&
	       (!pte_is_writable(pte) || !pte_is_executable(pte) || !cpu_features.nx);
}

static inline uint64_t frame_word_of(pfn_t frame)
{
	return __atomic_load_n((const uint64_t *)frame_entry(frame), __ATOMIC_ACQUIRE);
}

/* Of the frame of a table of user pages: its state, and which root leads there. */
#define TABLE_OF_PAGES(level)                                                                      \
	FRAME_WORD(.owner = OWNER_PTABLE, .flags = (level) | TABLE_USER | TABLE_LINKED)
#define STATE_BITS FRAME_WORD(.owner = UINT8_MAX, .flags = UINT8_MAX)
#define NUMBER_BITS FRAME_WORD(.number = UINT32_MAX)

/*
 * As place_lock, of a page in a user half, and no more than is needed for that. What is asked
 * before the lock is asked again behind it: while it is held a table stays.
 */
static inline __attribute__((always_inline)) bool page_lock(uint64_t entry, struct place *out)
{
	uint64_t number = (entry - direct_map_base) >> PAGE_SHIFT, word;
	pfn_t table = { (uint32_t)number };

	if (UNLIKELY(number >= nr_frames || !pfn_is_valid(table) || entry % sizeof(pte_t))) {
		return false;
	}
	word = frame_word_of(table);
	out->table = table;
	out->index = entry % PAGE_SIZE / sizeof(pte_t);
	out->level = (word & STATE_BITS) == TABLE_OF_PAGES(2) ? 2 : 1;
	out->root = (uint32_t)(word >> 32);
	if (UNLIKELY((word & STATE_BITS) != TABLE_OF_PAGES(1) && out->level == 1) ||
	    !gate_lock_root(out->root)) {
		return false;
	}
	if (LIKELY(!((frame_word_of(table) ^ word) & (STATE_BITS | NUMBER_BITS)))) {
		return true;
	}
	gate_unlock_root(out->root);
	return false;
}

/* Of an address space that no processor walks: one that dies and is current nowhere any more, and
 * one that is made here. */
static inline bool is_loaded_nowhere(const struct place *place)
{
	unsigned state = place_root_state(place);

	return (state == ROOT_DYING && !gate_root_is_named(place->root)) ||
	       (state == ROOT_NEW && place_is_ours(place));
}

/* Of a user half that is locked: the table of a level that an address leads to. False: none. */
bool user_table_find(pfn_t root, uint64_t address, unsigned level, pfn_t *out);
/* Is this entry, of a user half that is locked, what the address leads to? */
bool place_is_at(const struct place *place, uint64_t address);
/* A page of 4 KiB that one entry names, this one. */
bool page_is_alone(pte_t pte);

static inline bool state_change(pfn_t frame, union frame_word from, struct frame to)
{
	union frame_word after = { .frame = to };

	return __atomic_compare_exchange_n((uint64_t *)gate_frame(frame), &from.word, after.word,
					   false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static inline union frame_word state_of(pfn_t frame)
{
	return (union frame_word){ .word = frame_word_of(frame) };
}

/* Free, zero, and in no TLB by way of the direct map; and a user's, by one entry. */
#define FRAME_FREE_HIDDEN FRAME_WORD(.owner = OWNER_FREE, .flags = FRAME_HIDDEN)
#define FRAME_MAPPED_ONCE FRAME_WORD(.owner = OWNER_USER, .flags = FRAME_HIDDEN, .refs = 1)

/* A free frame of 4 KiB, or a fresh one of the size that an entry of this level is for, gets its
 * first entry. Mostly it is one of 4 KiB, free and hidden. */
bool frame_map_slowly(pfn_t frame, unsigned level);
static inline bool frame_map_first(pfn_t frame, unsigned level)
{
	return pfn_is_valid(frame) &&
	       (LIKELY(level == 1 && gate_word_change((uint64_t *)gate_frame(frame),
						      FRAME_FREE_HIDDEN, FRAME_MAPPED_ONCE)) ||
		frame_map_slowly(frame, level));
}
/* Another entry, of a frame that has one. False: it has none. */
bool frame_map_again(pfn_t frame);
/*
 * An entry less; true: it was the last. One of 4 KiB is free then, but for what xpfo_kmap holds;
 * one of 2 MiB stays a user frame without references, of which whoever unmaps it takes care.
 */
bool frame_unmap(pfn_t frame);
/* Those that became free, from `first` on, are zeroed where the variant of XPFO clears them. */
void released_clean(const struct released *released, unsigned first);

/* Of a fresh page of 2 MiB, by its first frame: has it what its entry is to show? It has its entry.
 */
bool large_is_clean(pfn_t first);
void large_is_mapped(pfn_t first);

/* Where the operation puts what it releases. */
static inline struct released *answer_begin(void)
{
	struct released *answer = gate_answer();

	answer->nr = 0;
	return answer;
}
