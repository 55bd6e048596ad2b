/* Reads the histories of frames. */
#include "mm/frame/frame_history.h"

#include "lib/types.h"

RO_AFTER_INIT uint16_t *frame_histories;
RO_AFTER_INIT uint8_t *frame_history_pids;

#define STATE(name, owner, flags) [HISTORY_CODE(owner, flags)] = HISTORY_##name,
const uint8_t frame_history_codes[HISTORY_CODES] = { FRAME_HISTORY_STATES(STATE) };
#undef STATE

#define STATE(name, owner, flags) { owner, (flags)&FRAME_HIDDEN, (flags)&FRAME_SEALED },
static const struct frame_step states[STEP_MASK + 1] = { FRAME_HISTORY_STATES(STATE) };
#undef STATE

/* They may change meanwhile, and then the pid may be that of another step. */
void frame_history_read(pfn_t frame, struct frame_history *out)
{
	unsigned steps = *(const volatile uint16_t *)&frame_histories[frame.pfn];
	unsigned pid = *(const volatile uint8_t *)&frame_history_pids[frame.pfn];
	unsigned nr = FRAME_STEPS;

	/* what was never written reads as RESERVED: one of them is where the story begins */
	while (nr > 1 && !(steps >> (nr - 2) * STEP_BITS)) {
		nr--;
	}
	*out = (struct frame_history){ .nr = nr,
				       .is_whole = !(steps >> (nr - 1) * STEP_BITS),
				       .pid = pid % HISTORY_PIDS,
				       .pid_modulo = pid & HISTORY_PIDS };
	for (unsigned i = 0; i < nr; i++) {
		out->steps[i] = states[steps >> (nr - 1 - i) * STEP_BITS & STEP_MASK];
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
	unsigned flags = entry->owner == OWNER_PTABLE ? 0 : entry->flags;
	const struct frame_step *newest = &states[frame_histories[frame.pfn] & STEP_MASK];

	return newest->owner == entry->owner && newest->is_hidden == !!(flags & FRAME_HIDDEN) &&
	       newest->is_sealed == !!(flags & FRAME_SEALED);
}
