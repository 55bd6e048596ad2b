/*
 * In the gate: the kernel keeps a user's frame a user's while it uses it itself. Only kernel/vuln/
 * does. The gate knows which one a processor holds, so that nobody lets go of what he has not
 * taken.
 */
#include "mm/gate/half/pages.h"

static void let_go(pfn_t frame)
{
	struct released *answer = answer_begin();

	answer->order = frame_entry(frame)->order;
	if (frame_unmap(frame)) {
		answer->frames[answer->nr++] = frame;
	}
	released_clean(answer, 0);
}

/* The frame; 0: the one that is held goes, and may be the answer. */
uint64_t gate_frame_hold(uint64_t frame, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	struct gate_kept *own = gate_kept_own();
	pfn_t held = { own->held };

	(void)unused1, (void)unused2, (void)unused3;
	if (!frame == !held.pfn || frame >= nr_frames) {
		return GATE_IN_USE;
	}
	if (frame && !frame_map_again((pfn_t){ (uint32_t)frame })) {
		return GATE_NO_CHANGE;
	}
	own->held = (uint32_t)frame;
	if (!frame) {
		let_go(held);
	}
	return GATE_DONE;
}

/* A fresh frame of 4 KiB: whoever takes it from there stands for what it holds. */
uint64_t gate_frame_clear(uint64_t at, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	pfn_t frame = { (uint32_t)at };
	struct frame state;

	(void)unused1, (void)unused2, (void)unused3;
	if (at >= nr_frames || !pfn_is_valid(frame)) {
		return GATE_NO_FRAME;
	}
	state = state_of(frame).frame;
	if (state.owner != OWNER_USER || !(state.flags & FRAME_FRESH) || state.order) {
		return GATE_IN_USE;
	}
	gate_zero(&frame, 1);
	return GATE_DONE;
}
