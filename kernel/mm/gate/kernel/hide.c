/*
 * In the gate: free frames on their way out of the direct map and back. A hidden one that is not
 * clean yet has the generation that it waits for in its own word.
 */
#include "mm/frame/direct_map.h"
#include "mm/frame/window.h"
#include "mm/gate/operations.h"
#include "mm/table/ptable.h"

/* Has the direct map none of them? The kernel half is locked. */
static bool are_absent(uint64_t first, uint64_t nr)
{
	const pte_t *entry = NULL;

	for (uint64_t at = first; at < first + nr; at++) {
		pfn_t frame = { (uint32_t)at };

		if (!entry || at % PTES_PER_TABLE == 0) {
			entry = direct_map_entry(frame);
		} else {
			entry++;
		}
		if (entry ? pte_is_present(pte_read(entry)) : direct_map_has(frame)) {
			return false;
		}
	}
	return true;
}

/* All of them free, and not in the middle of being zeroed: changed one by one. What others left in
 * one is not shown. */
static uint64_t change_all(uint64_t first, uint64_t nr, uint8_t flags, uint32_t number)
{
	for (uint64_t at = first; at < first + nr; at++) {
		pfn_t frame = { (uint32_t)at };
		struct frame from = *frame_entry(frame);

		if (from.owner != OWNER_FREE || from.number == FRAME_SETTLING ||
		    (from.flags & FRAME_DIRTY && !flags) ||
		    !frame_word_change(frame, from, flags | (from.flags & FRAME_DIRTY), number)) {
			return GATE_NO_CHANGE;
		}
	}
	return GATE_DONE;
}

static bool are_frames(uint64_t first, uint64_t nr)
{
	return first < nr_frames && nr <= nr_frames - first;
}

/* first, how many. What was hidden already waits anew. */
uint64_t gate_frames_hide(uint64_t first, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	uint64_t refusal = GATE_IN_USE;

	(void)unused2, (void)unused3;
	if (!are_frames(first, nr)) {
		return GATE_NO_FRAME;
	}
	gate_kernel_half_lock();
	if (are_absent(first, nr)) {
		refusal = change_all(first, nr, FRAME_HIDDEN, gate_number_next());
	}
	gate_kernel_half_unlock();
	return refusal;
}

/* first, how many. What a frame is comes before where it is mapped. */
uint64_t gate_frames_reveal(uint64_t first, uint64_t nr, uint64_t unused2, uint64_t unused3)
{
	(void)unused2, (void)unused3;
	return are_frames(first, nr) ? change_all(first, nr, 0, 0) : (uint64_t)GATE_NO_FRAME;
}

/* Is it this one's turn, or clean already? */
static inline uint64_t ask(struct frame frame, uint32_t *complete)
{
	if (frame.owner != OWNER_FREE || !(frame.flags & FRAME_HIDDEN) ||
	    frame.number == FRAME_SETTLING) {
		return GATE_NO_CHANGE;
	}
	if (!frame.number) {
		return frame.flags & FRAME_DIRTY ? GATE_NO_CHANGE : GATE_DONE;
	}
	if (frame.number == *complete) {
		return GATE_DONE;
	}
	*complete = frame.number;
	return gate_number_is_complete(frame.number) ? GATE_DONE : GATE_NOT_YET;
}

/* Nobody else does anything to them from here on. Not all of them: the others wait anew. */
static bool take_all(const pfn_t *taken, struct frame *before, unsigned nr)
{
	unsigned i = 0;

	for (; i < nr && frame_word_change(taken[i], before[i], FRAME_HIDDEN, FRAME_SETTLING);
	     i++) {
		before[i].flags = FRAME_HIDDEN;
		before[i].number = FRAME_SETTLING;
	}
	if (i == nr) {
		return true;
	}
	while (i-- > 0) {
		(void)frame_word_change(taken[i], before[i], FRAME_HIDDEN | FRAME_DIRTY,
					gate_number_next());
	}
	return false;
}

/*
 * first, how many, are they zero already? The last is believed with zero=early alone, whose
 * weakness it is, and of none that holds what somebody left. Nothing else is done to a frame that
 * is being zeroed.
 */
uint64_t gate_frames_settle(uint64_t first, uint64_t nr, uint64_t is_zero, uint64_t unused3)
{
	struct frame before[WINDOW_PAGES];
	pfn_t taken[WINDOW_PAGES] = { { 0 } };
	unsigned flags = 0;
	unsigned nr_taken = 0;
	uint32_t complete = 0; /* those in a row mostly wait for the same */

	(void)unused3;
	if (!are_frames(first, nr) || nr > WINDOW_PAGES) {
		return GATE_NO_FRAME;
	}
	for (uint64_t i = 0; i < nr; i++) {
		pfn_t frame = { (uint32_t)(first + i) };
		struct frame from = before[nr_taken] = *frame_entry(frame);
		uint64_t refusal = ask(from, &complete);

		if (refusal) {
			return refusal;
		}
		if (from.number) {
			taken[nr_taken++] = frame;
			flags |= from.flags;
		}
	}
	if (!take_all(taken, before, nr_taken)) {
		return GATE_NO_CHANGE;
	}
	if (nr_taken && (!is_zero || options.zero != zero_early || flags & FRAME_DIRTY)) {
		gate_zero(taken, nr_taken);
	}
	for (unsigned i = 0; i < nr_taken; i++) {
		(void)frame_word_change(taken[i], before[i], FRAME_HIDDEN, 0);
	}
	return GATE_DONE;
}
