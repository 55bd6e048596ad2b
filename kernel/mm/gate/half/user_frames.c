/* In the gate: user frames, from the first entry that names one to the last. */
#include "mm/frame/xpfo.h"
#include "mm/gate/half/pages.h"

/* Clean, and out of the direct map where the variant of XPFO has it so. */
static inline bool is_ready(struct frame frame)
{
	return frame.owner == OWNER_FREE && !(frame.flags & FRAME_DIRTY) &&
	       (frame.flags & FRAME_HIDDEN || !xpfo.unmaps_at_alloc) &&
	       (!frame.number || (!xpfo_is_strict() && frame.number != FRAME_SETTLING));
}

/* Nothing maps it yet. One of 2 MiB was taken by whoever has loaded what this processor has; one of
 * 4 KiB was cleared while it was a user's, as the published variants do it, and is anybody's. */
static bool is_fresh(struct frame frame)
{
	return frame.owner == OWNER_USER && frame.flags & FRAME_FRESH &&
	       !(frame.flags & FRAME_TAIL) &&
	       (frame.order ? frame.number == gate_loaded_root().pfn : xpfo.clears_mapped);
}

static bool change_to_mapped(pfn_t frame, union frame_word from, unsigned order)
{
	return state_change(frame, from,
			    (struct frame){ .owner = OWNER_USER,
					    .flags = from.frame.flags & (uint8_t)~FRAME_FRESH,
					    .order = (uint8_t)order,
					    .refs = 1 });
}

/* A page of 2 MiB. The root that it is counted with is locked: nobody begins to write to it. */
static bool map_large(pfn_t first, union frame_word from)
{
	return is_fresh(from.frame) && from.frame.order == HUGE_ORDER && large_is_clean(first) &&
	       change_to_mapped(first, from, HUGE_ORDER);
}

bool frame_map_slowly(pfn_t frame, unsigned level)
{
	union frame_word from = state_of(frame);

	if (level == 2) {
		return map_large(frame, from);
	}
	return (is_ready(from.frame) || (is_fresh(from.frame) && !from.frame.order)) &&
	       change_to_mapped(frame, from, 0);
}

bool frame_map_again(pfn_t frame)
{
	union frame_word from, to;

	if (!pfn_is_valid(frame)) {
		return false;
	}
	do {
		from = to = state_of(frame);
		to.frame.refs++;
		if (from.frame.owner != OWNER_USER || !from.frame.refs || !to.frame.refs ||
		    from.frame.flags & (FRAME_TAIL | FRAME_FRESH)) {
			return false;
		}
	} while (!state_change(frame, from, to.frame));
	return true;
}

static bool must_zero(struct frame frame)
{
	return xpfo.clears_at_free && (xpfo.unmaps_at_alloc || frame.flags & FRAME_HIDDEN);
}

/* Of 4 KiB, when its last entry goes: it is free at once, and nobody's until it is zeroed. Hidden
 * ones that the variant does not clear wait, for who wants them clean. */
static struct frame state_of_free(struct frame from)
{
	struct frame to = { .owner = OWNER_FREE, .flags = from.flags & FRAME_HIDDEN };

	if (gate_is_shut() && must_zero(from)) {
		to.number = FRAME_SETTLING;
	} else if (gate_is_shut() && to.flags) {
		to.number = gate_number_next();
	}
	return to;
}

bool frame_unmap(pfn_t frame)
{
	union frame_word from;
	struct frame to;

	do {
		from = state_of(frame);
		if (from.frame.owner != OWNER_USER || from.frame.flags & FRAME_FRESH ||
		    !from.frame.refs) {
			return false;
		}
		to = from.frame;
		to.refs--;
		if (!to.refs && !to.order && !to.kmaps) {
			to = state_of_free(from.frame);
		}
	} while (!state_change(frame, from, to));
	return to.owner == OWNER_FREE || (!to.refs && to.order);
}

/* Nobody else has one that the gate says it zeroes. */
static bool is_to_be_zeroed(struct frame frame)
{
	return gate_is_shut() ? frame.owner == OWNER_FREE && frame.number == FRAME_SETTLING
			      : must_zero(frame);
}

void released_clean(const struct released *released, unsigned first)
{
	pfn_t unclean[RELEASED_MAX];
	unsigned nr = 0;

	for (unsigned i = first; i < released->nr && !released->order; i++) {
		if (is_to_be_zeroed(*frame_entry(released->frames[i]))) {
			unclean[nr++] = released->frames[i];
		}
	}
	if (!nr) {
		return;
	}
	gate_zero(unclean, nr);
	for (unsigned i = 0; i < nr && gate_is_shut(); i++) {
		union frame_word from = state_of(unclean[i]);
		struct frame to = from.frame;

		to.number = 0;
		(void)state_change(unclean[i], from, to);
	}
}
