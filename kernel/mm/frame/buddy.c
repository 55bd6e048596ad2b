/* Free lists by kind and order, linked through the table beside the frame table. */
#include "mm/frame/buddy.h"

#include "lib/assert.h"

enum { NONE = FRAME_LINK_NONE };
static_assert((int)BUDDY_ORDER_MAX <= (int)RANGE_ORDER + 1, "count_free");

static uint8_t kind_flag(enum free_kind kind) { return kind == FREE_HIDDEN ? FRAME_HIDDEN : 0; }

void buddy_init(struct buddy *buddy, uint16_t *nr_free_in)
{
	buddy->nr_free_in = nr_free_in;
	buddy->nr_full_ranges = buddy->nr_mixed_pairs = 0;
	for (unsigned kind = 0; kind < NR_FREE_KINDS; kind++) {
		buddy->nr_free[kind] = 0;
		for (unsigned order = 0; order < NR_BUDDY_ORDERS; order++) {
			buddy->heads[kind][order] = NONE;
		}
	}
}

/* A block of 2^BUDDY_ORDER_MAX frames lies in two ranges, any other in one. */
static void count_free(struct buddy *buddy, uint32_t first, unsigned order, enum free_kind kind,
		       int sign)
{
	uint16_t *nr_here = &buddy->nr_free_in[first / RANGE_FRAMES];

	count_add(&buddy->nr_free[kind], (uint64_t)(sign * (1l << order)));
	if (order < RANGE_ORDER) {
		buddy->nr_full_ranges -= *nr_here == RANGE_FRAMES;
		*nr_here = (uint16_t)(*nr_here + sign * (1 << order));
		buddy->nr_full_ranges += *nr_here == RANGE_FRAMES;
		return;
	}
	nr_here[0] = sign > 0 ? RANGE_FRAMES : 0;
	nr_here[(1u << (order - RANGE_ORDER)) - 1] = nr_here[0];
	buddy->nr_full_ranges += (uint32_t)(sign * (1 << (order - RANGE_ORDER)));
}

/* A block comes to or goes from the lists. Two of one kind are merged, or about to be: the other
 * one is on a list only if it is of the other kind. */
static void count_pair(struct buddy *buddy, uint32_t first, unsigned order, int sign)
{
	const struct frame *other = &frames[first ^ 1];
	const struct frame_link *link = &frame_links[first ^ 1];

	if (order == 0 && other->owner == OWNER_FREE && link->is_head && link->order == 0 &&
	    (other->flags ^ frames[first].flags) & FRAME_HIDDEN) {
		buddy->nr_mixed_pairs += (uint32_t)sign;
	}
}

static void link_block(struct buddy *buddy, uint32_t first, unsigned order, enum free_kind kind)
{
	uint32_t *head = &buddy->heads[kind][order];

	count_pair(buddy, first, order, 1);
	frame_links[first] =
		(struct frame_link){ .next = *head, .prev = NONE, .order = order, .is_head = true };
	if (*head != NONE) {
		frame_links[*head].prev = first;
	}
	*head = first;
}

static void unlink_block(struct buddy *buddy, uint32_t first, unsigned order, enum free_kind kind)
{
	struct frame_link *block = &frame_links[first];

	assert(block->is_head && block->order == order);
	count_pair(buddy, first, order, -1);
	if (block->prev == NONE) {
		assert(buddy->heads[kind][order] == first);
		buddy->heads[kind][order] = block->next;
	} else {
		frame_links[block->prev].next = block->next;
	}
	if (block->next != NONE) {
		frame_links[block->next].prev = block->prev;
	}
	*block = (struct frame_link){ 0 };
}

static bool is_free_block(uint32_t first, unsigned order, enum free_kind kind)
{
	return first < nr_frames && frames[first].owner == OWNER_FREE &&
	       frames[first].flags == kind_flag(kind) && frame_links[first].is_head &&
	       frame_links[first].order == order;
}

void buddy_insert(struct buddy *buddy, pfn_t frame, unsigned order, enum free_kind kind)
{
	uint32_t first = frame.pfn;

	assert(is_aligned(first, 1u << order) && order <= BUDDY_ORDER_MAX);
	assert(frames[first].owner == OWNER_FREE && frames[first].flags == kind_flag(kind));
	count_free(buddy, first, order, kind, 1);
	while (order < BUDDY_ORDER_MAX) {
		uint32_t other = first ^ 1u << order;

		if (!is_free_block(other, order, kind)) {
			break;
		}
		unlink_block(buddy, other, order, kind);
		first = MIN(first, other);
		order++;
	}
	link_block(buddy, first, order, kind);
}

bool buddy_take(struct buddy *buddy, unsigned order, enum free_kind kind, pfn_t *out)
{
	unsigned from = order;
	uint32_t first;

	while (from <= BUDDY_ORDER_MAX && buddy->heads[kind][from] == NONE) {
		from++;
	}
	if (from > BUDDY_ORDER_MAX) {
		return false;
	}
	first = buddy->heads[kind][from];
	unlink_block(buddy, first, from, kind);
	while (from > order) {
		from--;
		link_block(buddy, first + (1u << from), from, kind);
	}
	count_free(buddy, first, order, kind, -1);
	*out = (pfn_t){ first };
	return true;
}

/* All frames of [first, first + 2^order) are on the lists, in blocks of this order or smaller. */
static bool is_free_range(uint32_t first, unsigned order)
{
	for (uint32_t at = first; at < first + (1u << order); at += 1u << frame_links[at].order) {
		if (at >= nr_frames || frames[at].owner != OWNER_FREE || !frame_links[at].is_head ||
		    frame_links[at].order > order) {
			return false;
		}
	}
	return true;
}

/* Off the lists, block by block. */
static void unlink_range(struct buddy *buddy, uint32_t first, unsigned order)
{
	for (uint32_t at = first; at < first + (1u << order);) {
		unsigned at_order = frame_links[at].order;
		enum free_kind kind = frames[at].flags & FRAME_HIDDEN ? FREE_HIDDEN : FREE_REVEALED;

		unlink_block(buddy, at, at_order, kind);
		count_free(buddy, at, at_order, kind, -1);
		at += 1u << at_order;
	}
}

/* The free range of this order that begins in a range; or NONE. */
static uint32_t range_search(const struct buddy *buddy, uint32_t range, unsigned order)
{
	uint32_t start = range * RANGE_FRAMES;

	if (buddy->nr_free_in[range] < 1u << MIN(order, (unsigned)RANGE_ORDER)) {
		return NONE;
	}
	for (uint32_t at = start; at < start + RANGE_FRAMES; at += 1u << order) {
		if (is_aligned(at, 1u << order) && is_free_range(at, order)) {
			return at;
		}
	}
	return NONE;
}

bool buddy_take_mixed(struct buddy *buddy, unsigned order, uint32_t *range, uint32_t nr_ranges,
		      pfn_t *out)
{
	uint32_t end = MIN(*range + nr_ranges, buddy_nr_ranges());

	while ((*range = frame_known(*range * RANGE_FRAMES) / RANGE_FRAMES) < end) {
		uint32_t first = range_search(buddy, (*range)++, order);

		if (first != NONE) {
			unlink_range(buddy, first, order);
			*out = (pfn_t){ first };
			return true;
		}
	}
	return false;
}
