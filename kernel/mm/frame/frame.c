/* The frame table, and the only function that writes an owner. */
#include "mm/frame/frame.h"

#include "arch/x86_64/cpu/tlb_port.h"
#include "lib/assert.h"
#include "mm/frame/buddy.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_history.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/tlb/tlb_debt.h"

RO_AFTER_INIT struct frame *frames;
RO_AFTER_INIT struct frame *gate_frames;
RO_AFTER_INIT struct frame_link *frame_links;
RO_AFTER_INIT uint32_t nr_frames;
RO_AFTER_INIT struct frame_hole *frame_holes;
RO_AFTER_INIT unsigned nr_frame_holes;
RO_AFTER_INIT uint32_t nr_frames_unbroken;

static const char *const names[NR_OWNERS] = {
	[OWNER_RESERVED] = "RESERVED", [OWNER_FREE] = "FREE",   [OWNER_KERNEL] = "KERNEL",
	[OWNER_PTABLE] = "PTABLE",     [OWNER_ENTRY] = "ENTRY", [OWNER_USER] = "USER",
	[OWNER_POOL] = "POOL",
};

const char *owner_name(enum owner owner) { return owner < NR_OWNERS ? names[owner] : "?"; }

uint32_t frame_skip_hole(uint32_t from)
{
	unsigned low = 0, high = nr_frame_holes;

	/* the first hole that ends behind `from` */
	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (frame_holes[middle].end <= from) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < nr_frame_holes && frame_holes[low].start <= from ? frame_holes[low].end : from;
}

/* What must hold of a frame while `owner` has it. */
static void assert_invariant(const struct frame *frame, enum owner owner)
{
	assert(frame->owner == owner);
	switch (owner) {
	case OWNER_PTABLE: return;
	case OWNER_USER:
	case OWNER_POOL: break;
	case OWNER_FREE:
		assert(frame->number == 0 || frame->flags & FRAME_HIDDEN);
		assert(frame->kmaps == 0);
		break;
	default: assert(!(frame->flags & FRAME_HIDDEN));
	}
	assert(!(frame->flags & FRAME_TAIL) || owner == OWNER_USER || owner == OWNER_FREE);
	assert(!(frame->flags & FRAME_SEALED) || owner == OWNER_POOL);
}

/* What must hold of a frame that `from` gives away. */
static void assert_may_leave(const struct frame *frame, enum owner from)
{
	assert(from != OWNER_USER || frame->flags & FRAME_FRESH || frame->refs == 0);
	assert(from != OWNER_USER || frame->kmaps == 0);
	assert_invariant(frame, from);
}

/* The flags that a change of owner leaves. */
static uint8_t flags_kept(const struct frame *frame)
{
	return frame_is_hidden(frame) ? FRAME_HIDDEN : 0;
}

/*
 * The frames of a block after the first all have the same flags, so what to write is computed once.
 * Not inlined: the usual case, one frame, then saves no registers for it.
 */
static __attribute__((noinline)) void change_tails(pfn_t first, unsigned order, enum owner from,
						   enum owner to)
{
	struct frame *frame = frame_entry(first) + 1, *end = frame_entry(first) + (1u << order);
	uint8_t flags_before = frame->flags;
	uint8_t flags = flags_kept(frame) | (to == OWNER_USER ? FRAME_TAIL : 0);
	enum frame_history_state state = frame_history_state(to, flags);
	uint64_t who = frame_who_here();

	for (; ASSERTIONS && frame < end; frame++) {
		assert(frame->flags == flags_before);
		assert_may_leave(frame, from);
	}
	frames_become(pfn_add(first, 1), (1u << order) - 1,
		      (struct frame){ .owner = to, .flags = flags });
	frame_histories_add(pfn_add(first, 1), (1u << order) - 1, state, who);
	for (frame = frame_entry(first) + 1; ASSERTIONS && frame < end; frame++) {
		assert_invariant(frame, to);
	}
}

/* Free frames are nobody's, and those that the kernel takes are its own; users' are not. */
static inline __attribute__((always_inline)) void mark_frames(pfn_t first, unsigned order,
							      enum owner to)
{
	if (to == OWNER_FREE) {
		marks_frames_freed(first, order);
	} else if (to == OWNER_USER || to == OWNER_POOL) {
		mark(direct_map_pointer(first), (size_t)PAGE_SIZE << order, MARK_FRAME_NOT_OURS);
	} else {
		unmark(direct_map_pointer(first), (size_t)PAGE_SIZE << order);
	}
}

/* Of the first frame of a block. A user page of 4 KiB has its one reference at once. */
static struct frame state_of(const struct frame *before, unsigned order, enum owner to)
{
	struct frame state = { .owner = to, .flags = flags_kept(before) };

	if (to != OWNER_PTABLE) {
		state.order = (uint8_t)order;
	}
	if (to == OWNER_USER) {
		state.flags |= gate_in_force != ptprot_off ? FRAME_FRESH : 0;
		state.refs = order == 0;
	} else if (to == OWNER_POOL) {
		state.number = FRAME_NO_AREA;
	}
	return state;
}

void frame_check_hands(pfn_t frame, enum owner from, enum owner to)
{
	assert(from != OWNER_FREE || !frame_link(frame)->is_head);
	tlb_debt_assert_none();
	tlb_port_owner(frame, 0, from, to);
	if (KASAN) {
		mark_frames(frame, 0, to);
	}
}

/* With ptprot all frames of a page of 2 MiB change hands at once. */
static __attribute__((noinline)) void change_large(pfn_t first, enum owner to)
{
	if (to == OWNER_USER) {
		large_take(first);
	} else {
		large_free(first);
	}
	frame_histories_add(first, 1u << HUGE_ORDER,
			    frame_history_state(to, frame_entry(first)->flags), frame_who_here());
	assert_invariant(frame_entry(first), to);
	assert_invariant(frame_entry(pfn_add(first, (1u << HUGE_ORDER) - 1)), to);
}

static bool is_large(unsigned order, enum owner from, enum owner to)
{
	return gate_in_force != ptprot_off && order == HUGE_ORDER &&
	       (from == OWNER_USER || to == OWNER_USER);
}

/* All but what debug builds note and ask. */
static void change(pfn_t first, unsigned order, enum owner from, enum owner to)
{
	struct frame *head = frame_entry(first);

	if (UNLIKELY(is_large(order, from, to))) {
		change_large(first, to);
		return;
	}
	frames_become(first, 1, state_of(head, order, to));
	assert_invariant(head, to);
	frame_history_note(first, to, to == OWNER_PTABLE ? 0 : head->flags);
	if (UNLIKELY(order)) {
		change_tails(first, order, from, to);
	}
}

void frame_transition(pfn_t first, unsigned order, enum owner from, enum owner to)
{
	struct frame *head = frame_entry(first);

	assert(first.pfn + (1u << order) <= nr_frames);
	assert((from == OWNER_FREE) != (to == OWNER_FREE));
	assert(from != OWNER_FREE || !frame_link(first)->is_head);
	tlb_debt_assert_none();
	assert_may_leave(head, from);
	tlb_port_owner(first, order, from, to);
	change(first, order, from, to);
	if (KASAN) {
		mark_frames(first, order, to);
	}
}

void frame_seal(pfn_t frame)
{
	struct frame *entry = frame_entry(frame);

	assert(entry->owner == OWNER_POOL || entry->owner == OWNER_ENTRY ||
	       entry->owner == OWNER_KERNEL);
	if (!(entry->flags & FRAME_SEALED)) {
		frames_flag(frame, 1, FRAME_SEALED, 0);
		frame_history_note(frame, entry->owner, entry->flags);
	}
}
