/* The frame table, and the only function that writes an owner. */
#include "mm/frame.h"

#include "lib/assert.h"
#include "mm/buddy.h"
#include "mm/frame_history.h"

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

static void change_one(struct frame *frame, pfn_t at, enum owner from, enum owner to)
{
	assert(from != OWNER_USER || (frame->refs == 0 && frame->kmaps == 0));
	assert_invariant(frame, from);
	frame->flags &= ~(FRAME_SEALED | FRAME_SLAB);
	frame->owner = to;
	assert_invariant(frame, to);
	frame_history_note(at, to, frame->flags);
}

/* Apart, so that the usual case, one frame, need not save registers for it. */
static __attribute__((noinline)) void change_tails(pfn_t first, unsigned order, enum owner from,
						   enum owner to)
{
	struct frame *head = frame_entry(first);

	for (uint32_t i = 1; i >> order == 0; i++) {
		if (from == OWNER_USER) {
			head[i].flags &= ~FRAME_TAIL;
		}
		change_one(&head[i], pfn_add(first, i), from, to);
		if (to == OWNER_USER) {
			head[i].flags |= FRAME_TAIL;
		}
	}
}

void frame_transition(pfn_t first, unsigned order, enum owner from, enum owner to)
{
	struct frame *head = frame_entry(first);

	assert(first.pfn + (1u << order) <= nr_frames);
	assert((from == OWNER_FREE) != (to == OWNER_FREE));
	change_one(head, first, from, to);
	head->order = order;
	if (UNLIKELY(order)) {
		change_tails(first, order, from, to);
	}
}

void frame_seal(pfn_t frame)
{
	struct frame *entry = frame_entry(frame);

	assert(entry->owner == OWNER_POOL);
	if (!(entry->flags & FRAME_SEALED)) {
		entry->flags |= FRAME_SEALED;
		frame_history_note(frame, OWNER_POOL, entry->flags);
	}
}
