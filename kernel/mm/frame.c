/* The frame table, and the only function that writes an owner. */
#include "mm/frame.h"

#include "lib/assert.h"
#include "mm/buddy.h"

RO_AFTER_INIT struct frame *frames;
RO_AFTER_INIT uint32_t nr_frames;

static const char *const names[NR_OWNERS] = {
	[OWNER_RESERVED] = "RESERVED", [OWNER_FREE] = "FREE",   [OWNER_KERNEL] = "KERNEL",
	[OWNER_PTABLE] = "PTABLE",     [OWNER_ENTRY] = "ENTRY", [OWNER_USER] = "USER",
	[OWNER_POOL] = "POOL",
};

const char *owner_name(enum owner owner) { return owner < NR_OWNERS ? names[owner] : "?"; }

/* What must hold of a frame while `owner` has it. */
static void assert_invariant(const struct frame *frame, enum owner owner)
{
	assert(frame->owner == owner);
	assert(!(frame->flags & FRAME_FREE_HEAD));
	assert(!(frame->flags & FRAME_TAIL) || owner == OWNER_USER);
	assert(!(frame->flags & FRAME_SEALED) || owner == OWNER_POOL);
	switch (owner) {
	case OWNER_USER: break;
	case OWNER_FREE:
	case OWNER_POOL:
		assert(frame->refs == 0);
		assert(frame->kmaps == 0);
		break;
	default: assert(frame->refs == 0); assert(!(frame->flags & FRAME_HIDDEN));
	}
}

static void change_one(struct frame *frame, enum owner from, enum owner to)
{
	assert(from != OWNER_USER || (frame->refs == 0 && frame->kmaps == 0));
	assert_invariant(frame, from);
	frame->flags &= ~(FRAME_SEALED | FRAME_SLAB);
	frame->owner = to;
	assert_invariant(frame, to);
}

void frame_transition(pfn_t first, unsigned order, enum owner from, enum owner to)
{
	struct frame *head = frame_entry(first);

	assert(first.pfn + (1u << order) <= nr_frames);
	assert((from == OWNER_FREE) != (to == OWNER_FREE));
	change_one(head, from, to);
	head->order = order;
	for (uint32_t i = 1; i >> order == 0; i++) {
		if (from == OWNER_USER) {
			head[i].flags &= ~FRAME_TAIL;
		}
		change_one(&head[i], from, to);
		if (to == OWNER_USER) {
			head[i].flags |= FRAME_TAIL;
		}
	}
}

void frame_seal(pfn_t frame)
{
	assert(frame_entry(frame)->owner == OWNER_POOL);
	frame_entry(frame)->flags |= FRAME_SEALED;
}
