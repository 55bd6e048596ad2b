/* Reads the histories of frames. */
#include "mm/frame_history.h"

RO_AFTER_INIT uint64_t *frame_histories;

static struct frame_step step_decode(uint64_t step)
{
	return (struct frame_step){ step & STEP_OWNER, step & STEP_HIDDEN, step & STEP_SEALED,
				    step >> STEP_WHO_SHIFT & STEP_WHO_MAX };
}

void frame_history_read(pfn_t frame, struct frame_history *out)
{
	/* one load: it may change meanwhile */
	uint64_t word = *(const volatile uint64_t *)&frame_histories[frame.pfn];
	unsigned nr = FRAME_STEPS;

	/* what was never written reads as RESERVED: one of them is where the story begins */
	while (nr > 1 && !(word >> (nr - 2) * STEP_BITS)) {
		nr--;
	}
	*out = (struct frame_history){ .nr = nr };
	out->is_whole = !(word >> (nr - 1) * STEP_BITS);
	for (unsigned i = 0; i < nr; i++) {
		out->steps[i] = step_decode(word >> (nr - 1 - i) * STEP_BITS);
	}
}

enum owner frame_owner_before_free(pfn_t frame)
{
	struct frame_history history;

	frame_history_read(frame, &history);
	for (unsigned i = history.nr; i-- > 0;) {
		if (history.steps[i].owner != OWNER_FREE) {
			return history.steps[i].owner;
		}
	}
	return OWNER_RESERVED;
}

bool frame_history_agrees(pfn_t frame)
{
	const struct frame *entry = frame_entry(frame);

	return (frame_histories[frame.pfn] & (STEP_OWNER | STEP_HIDDEN | STEP_SEALED)) ==
	       frame_state_encode(entry->owner, entry->owner == OWNER_PTABLE ? 0 : entry->flags);
}
