/*
 * In the gate: frames of pages of 2 MiB, all 512 at once. The first one's word stands for the page;
 * the others are its tails. Until it has its entry it is fresh, and counted with the root that was
 * loaded when it was taken: that address space does not end while one of its own may hold what its
 * pages held.
 */
#include "mm/gate/pages.h"
#include "mm/window.h"
#include "mm/xpfo.h"

enum { NR_FRAMES = 1 << HUGE_ORDER };
static_assert(2 * (int)LARGE_PIECE <= (int)WINDOW_PAGES, "a piece and its copy are shown");

static bool is_ready(struct frame frame)
{
	return frame.owner == OWNER_FREE && frame.number != FRAME_SETTLING &&
	       !(frame.flags & FRAME_DIRTY) &&
	       (!xpfo_is_strict() || (frame.flags & FRAME_HIDDEN && !frame.number));
}

static struct frame state_taken(struct frame from, uint32_t i, uint32_t root)
{
	struct frame to = { .owner = OWNER_USER, .flags = from.flags & FRAME_HIDDEN };

	to.flags |= i ? FRAME_TAIL : FRAME_FRESH;
	to.order = i ? 0 : HUGE_ORDER;
	to.number = i ? 0 : root;
	return to;
}

/* A processor that copies to it, or shows it, has to have flushed before anybody gets it. */
static struct frame state_free(struct frame from)
{
	struct frame to = { .owner = OWNER_FREE, .flags = from.flags & FRAME_HIDDEN };

	if (to.flags) {
		to.number = gate_number_next();
		to.flags |= xpfo_is_strict() ? FRAME_DIRTY : 0;
	}
	return to;
}

static void tails_give_back(pfn_t first, uint32_t end)
{
	for (uint32_t i = 1; i < end; i++) {
		pfn_t frame = pfn_add(first, i);
		union frame_word from = state_of(frame);

		/* another try, where a variant of XPFO lets go of it */
		while (!state_change(frame, from, state_free(from.frame))) {
			from = state_of(frame);
		}
	}
}

static bool frame_take(pfn_t first, uint32_t i, uint32_t root)
{
	pfn_t frame = pfn_add(first, i);
	union frame_word from = state_of(frame);

	return is_ready(from.frame) && state_change(frame, from, state_taken(from.frame, i, root));
}

/* The first one last: it may be mapped at once. */
static bool take(pfn_t first, uint32_t root)
{
	uint32_t i = 1;

	while (i < NR_FRAMES && frame_take(first, i, root)) {
		i++;
	}
	if (i == NR_FRAMES && frame_take(first, 0, root)) {
		return true;
	}
	tails_give_back(first, i);
	return false;
}

static bool is_page(uint64_t first)
{
	return first % NR_FRAMES == 0 && first < nr_frames && nr_frames - first >= NR_FRAMES &&
	       pfn_is_valid((pfn_t){ (uint32_t)first }) &&
	       pfn_is_valid((pfn_t){ (uint32_t)first + NR_FRAMES - 1 });
}

/* first frame. */
uint64_t gate_large_take(uint64_t first, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	struct place place = { .root = gate_loaded_root().pfn };
	uint64_t refusal = GATE_NO_FRAME;

	(void)unused1;
	(void)unused2;
	(void)unused3;
	if (!is_page(first) || !gate_lock_root(place.root)) {
		return GATE_NO_FRAME;
	}
	if (place_root_state(&place) == 0 &&
	    frame_entry((pfn_t){ place.root })->nr_used < UINT16_MAX - OWED) {
		/* counted first, as it may be mapped at once */
		root_owes(place.root, 1);
		if (take((pfn_t){ (uint32_t)first }, place.root)) {
			refusal = GATE_DONE;
		} else {
			root_owes(place.root, -1);
		}
	}
	gate_unlock_root(place.root);
	return refusal;
}

/* Nothing maps it: the first frame goes first, so that nothing will. */
static uint64_t give_all_back(pfn_t first, union frame_word head)
{
	if (!state_change(first, head, state_free(head.frame))) {
		return GATE_IN_USE;
	}
	if (head.frame.flags & FRAME_FRESH) {
		root_owes(head.frame.number, -1);
	}
	tails_give_back(first, NR_FRAMES);
	return GATE_DONE;
}

/* first frame. A fresh one under the lock that who copies to it holds. */
uint64_t gate_large_free(uint64_t at, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	pfn_t first = { (uint32_t)at };
	union frame_word head;
	uint64_t refusal;

	(void)unused1;
	(void)unused2;
	(void)unused3;
	if (!is_page(at)) {
		return GATE_NO_FRAME;
	}
	head = state_of(first);
	if (head.frame.owner != OWNER_USER || head.frame.order != HUGE_ORDER || head.frame.kmaps ||
	    head.frame.flags & FRAME_TAIL) {
		return GATE_IN_USE;
	}
	if (!(head.frame.flags & FRAME_FRESH)) {
		return head.frame.refs ? (uint64_t)GATE_IN_USE : give_all_back(first, head);
	}
	if (!gate_lock_root(head.frame.number)) {
		return GATE_IN_USE;
	}
	refusal = give_all_back(first, head);
	gate_unlock_root(head.frame.number);
	return refusal;
}

static bool is_fresh_of(uint64_t first, uint32_t root)
{
	struct frame head;

	if (!is_page(first)) {
		return false;
	}
	head = state_of((pfn_t){ (uint32_t)first }).frame;
	return head.owner == OWNER_USER && head.order == HUGE_ORDER && head.flags & FRAME_FRESH &&
	       head.number == root;
}

/* The entry of a page of 2 MiB, a fresh one that gets part of its contents, which part. */
uint64_t gate_large_copy(uint64_t entry, uint64_t copy, uint64_t piece, uint64_t unused3)
{
	struct place place;
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused3;
	if (piece >= NR_FRAMES / LARGE_PIECE || !page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	/* published: the lock is the one that the fresh one's going takes */
	if (place.level == 2 && place.root == gate_loaded_root().pfn && place_is_ours(&place)) {
		const pte_t *entries = direct_map_pointer(place.table);
		pte_t pte = pte_read(&entries[place.index]);
		uint32_t offset = (uint32_t)piece * LARGE_PIECE;

		refusal = GATE_NO_FRAME;
		if (pte_holds_frame(pte) && pte.value & PTE_HUGE && is_fresh_of(copy, place.root)) {
			gate_copy((pfn_t){ (uint32_t)copy + offset },
				  pfn_add(pte_frame(pte), offset), LARGE_PIECE);
			refusal = GATE_DONE;
		}
	}
	gate_unlock_root(place.root);
	return refusal;
}
