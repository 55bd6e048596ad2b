/*
 * In the gate: frames of pages of 2 MiB, all 512 at once. The first one's word stands for the page;
 * the others are its tails. Until it has its entry it is fresh, and counted with the root that was
 * loaded when it was taken: that address space does not end while one of its own may hold what its
 * pages held.
 */
#include "mm/frame/window.h"
#include "mm/frame/xpfo.h"
#include "mm/gate/half/pages.h"

enum { NR_FRAMES = 1 << HUGE_ORDER, NR_PIECES = NR_FRAMES / LARGE_PIECE };
static_assert(2 * (int)LARGE_PIECE <= (int)WINDOW_PAGES, "a piece and its copy are shown");

static bool is_ready(struct frame frame)
{
	if (frame.owner != OWNER_FREE || frame.number == FRAME_SETTLING) {
		return false;
	}
	return xpfo_is_strict() ? frame.flags & FRAME_HIDDEN &&
					  (!frame.number || gate_number_is_complete(frame.number))
				: !(frame.flags & FRAME_DIRTY);
}

/* With zero=early it was zeroed before it was hidden: so that is believed, whose weakness it is. */
static bool is_clean_free(struct frame frame)
{
	return !(frame.flags & FRAME_DIRTY) && (!frame.number || options.zero == zero_early);
}

/* How many pieces are clean, of a page that is fresh: in the word of its second frame. */
static struct frame *pieces_of(pfn_t first) { return gate_frame(pfn_add(first, 1)); }

static struct frame state_taken(struct frame from, uint32_t i, uint32_t root)
{
	struct frame to = { .owner = OWNER_USER, .flags = from.flags & FRAME_HIDDEN };

	to.flags |= i ? FRAME_TAIL : FRAME_FRESH;
	to.order = i ? 0 : HUGE_ORDER;
	to.number = i ? 0 : root;
	return to;
}

/* A processor that copies to it, or shows it, has to have flushed before anybody gets it. */
static struct frame state_free(struct frame from, uint32_t number)
{
	struct frame to = { .owner = OWNER_FREE, .flags = from.flags & FRAME_HIDDEN };

	if (to.flags) {
		to.number = number;
		to.flags |= xpfo_is_strict() ? FRAME_DIRTY : 0;
	}
	return to;
}

static void tails_give_back(pfn_t first, uint32_t end)
{
	uint32_t number = gate_number_next();

	for (uint32_t i = 1; i < end; i++) {
		pfn_t frame = pfn_add(first, i);
		union frame_word from = state_of(frame);

		/* another try, where a variant of XPFO lets go of it */
		while (!state_change(frame, from, state_free(from.frame, number))) {
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

/* The first one last: it may be mapped at once, if all are clean. */
static bool take(pfn_t first, uint32_t root)
{
	bool is_clean = is_clean_free(state_of(first).frame);
	uint32_t i = 1;

	for (; i < NR_FRAMES; i++) {
		is_clean &= is_clean_free(state_of(pfn_add(first, i)).frame);
		if (!frame_take(first, i, root)) {
			break;
		}
	}
	if (i == NR_FRAMES) {
		pieces_of(first)->number = is_clean ? NR_PIECES : 0;
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
	/* counted first, as it may be mapped at once */
	if (root_owes(place.root)) {
		if (take((pfn_t){ (uint32_t)first }, place.root)) {
			refusal = GATE_DONE;
		} else {
			root_owes_less(place.root);
		}
	}
	gate_unlock_root(place.root);
	return refusal;
}

/* Nothing maps it: the first frame goes first, so that nothing will. */
static uint64_t give_all_back(pfn_t first, union frame_word head)
{
	if (!state_change(first, head, state_free(head.frame, gate_number_next()))) {
		return GATE_IN_USE;
	}
	if (head.frame.flags & FRAME_FRESH) {
		root_owes_less(head.frame.number);
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

/* A fresh one of this root's, which is locked, and whose next piece this is: or the first again. */
static bool is_at(uint64_t first, uint32_t root, uint64_t piece)
{
	struct frame head;

	if (!is_page(first)) {
		return false;
	}
	head = state_of((pfn_t){ (uint32_t)first }).frame;
	return head.owner == OWNER_USER && head.order == HUGE_ORDER && head.flags & FRAME_FRESH &&
	       head.number == root && piece < NR_PIECES &&
	       (!piece || pieces_of((pfn_t){ (uint32_t)first })->number == piece);
}

/* That piece is written next. With the first nothing of it is clean any more. */
static bool begin(uint64_t first, uint32_t root, uint64_t piece)
{
	if (!is_at(first, root, piece)) {
		return false;
	}
	if (!piece) {
		pieces_of((pfn_t){ (uint32_t)first })->number = 0;
	}
	return true;
}

bool large_is_clean(pfn_t first)
{
	return !xpfo_is_strict() || pieces_of(first)->number == NR_PIECES;
}

void large_is_mapped(pfn_t first) { pieces_of(first)->number = 0; }

/* first frame, which piece: zeroed, one after the other. Of the address space that is loaded. */
uint64_t gate_large_clear(uint64_t first, uint64_t piece, uint64_t unused2, uint64_t unused3)
{
	pfn_t root = gate_loaded_root(), all[LARGE_PIECE];
	uint64_t refusal = GATE_NO_FRAME;

	(void)unused2;
	(void)unused3;
	if (!gate_lock_root(root.pfn)) {
		return GATE_NO_FRAME;
	}
	if (begin(first, root.pfn, piece)) {
		for (uint32_t i = 0; i < LARGE_PIECE; i++) {
			all[i].pfn = (uint32_t)(first + piece * LARGE_PIECE) + i;
		}
		gate_zero(all, LARGE_PIECE);
		pieces_of((pfn_t){ (uint32_t)first })->number = (uint32_t)piece + 1;
		refusal = GATE_DONE;
	}
	gate_unlock_root(root.pfn);
	return refusal;
}

/* The entry of a page of 2 MiB, a fresh one that gets part of its contents, which part. */
uint64_t gate_large_copy(uint64_t entry, uint64_t copy, uint64_t piece, uint64_t unused3)
{
	struct place place;
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused3;
	if (!page_lock(entry, &place)) {
		return GATE_NO_TABLE;
	}
	/* published: the lock is the one that the fresh one's going takes */
	if (place.level == 2 && place.root == gate_loaded_root().pfn && place_is_ours(&place)) {
		const pte_t *entries = direct_map_pointer(place.table);
		pte_t pte = pte_read(&entries[place.index]);
		uint32_t offset = (uint32_t)piece * LARGE_PIECE;

		refusal = GATE_NO_FRAME;
		if (pte_holds_frame(pte) && pte.value & PTE_HUGE &&
		    begin(copy, place.root, piece)) {
			gate_copy((pfn_t){ (uint32_t)copy + offset },
				  pfn_add(pte_frame(pte), offset), LARGE_PIECE);
			pieces_of((pfn_t){ (uint32_t)copy })->number = (uint32_t)piece + 1;
			refusal = GATE_DONE;
		}
	}
	gate_unlock_root(place.root);
	return refusal;
}
