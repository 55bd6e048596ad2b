/* Free lists by kind and order, linked through the frame table. */
#include "mm/buddy.h"

#include "lib/assert.h"

enum { NONE = -1 };

static uint8_t kind_flag(enum free_kind kind) { return kind == FREE_HIDDEN ? FRAME_HIDDEN : 0; }

void buddy_init(struct buddy *buddy)
{
	for (unsigned kind = 0; kind < NR_FREE_KINDS; kind++) {
		buddy->nr_free[kind] = 0;
		for (unsigned order = 0; order < NR_BUDDY_ORDERS; order++) {
			buddy->heads[kind][order] = (uint32_t)NONE;
		}
	}
}

static void link_block(struct buddy *buddy, uint32_t first, unsigned order, enum free_kind kind)
{
	struct frame *block = &frames[first];
	uint32_t *head = &buddy->heads[kind][order];

	block->order = order;
	block->flags |= FRAME_FREE_HEAD;
	block->prev = (uint32_t)NONE;
	block->next = *head;
	if (*head != (uint32_t)NONE) {
		frames[*head].prev = first;
	}
	*head = first;
}

static void unlink_block(struct buddy *buddy, uint32_t first, unsigned order, enum free_kind kind)
{
	struct frame *block = &frames[first];

	assert(block->flags & FRAME_FREE_HEAD && block->order == order);
	if (block->prev == (uint32_t)NONE) {
		assert(buddy->heads[kind][order] == first);
		buddy->heads[kind][order] = block->next;
	} else {
		frames[block->prev].next = block->next;
	}
	if (block->next != (uint32_t)NONE) {
		frames[block->next].prev = block->prev;
	}
	block->flags &= ~FRAME_FREE_HEAD;
	block->next = block->prev = 0;
}

static bool is_free_block(uint32_t first, unsigned order, enum free_kind kind)
{
	const struct frame *block;

	if (first >= nr_frames) {
		return false;
	}
	block = &frames[first];
	return block->owner == OWNER_FREE && block->flags == (FRAME_FREE_HEAD | kind_flag(kind)) &&
	       block->order == order;
}

void buddy_insert(struct buddy *buddy, pfn_t frame, unsigned order, enum free_kind kind)
{
	uint32_t first = frame.pfn;

	assert(is_aligned(first, 1u << order) && order <= BUDDY_ORDER_MAX);
	assert(frames[first].owner == OWNER_FREE && frames[first].flags == kind_flag(kind));
	buddy->nr_free[kind] += 1u << order;
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

	while (from <= BUDDY_ORDER_MAX && buddy->heads[kind][from] == (uint32_t)NONE) {
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
	frames[first].order = order;
	buddy->nr_free[kind] -= 1u << order;
	*out = (pfn_t){ first };
	return true;
}
