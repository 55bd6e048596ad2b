/*
 * What happened to each frame last: a table beside the frame table, one 64-bit word per frame
 * (0.2 % of memory), four steps of 16 bits in each, the newest in the low bits. Reports read it,
 * and the debugger; xpfo=v1 asks it who had a frame last.
 *
 *      15      5   4      3     2..0
 *    +----------+------+------+-------+
 *    |   who    |sealed|hidden| owner |   the frame's state from this step on
 *    +----------+------+------+-------+
 *
 * Invariant: the newest step is the frame's state in the frame table (the audit compares them); the
 * steps before it are the states before, in order, each different from the next in owner, hidden or
 * sealed. A word of 0 is a frame that was never anything but RESERVED.
 */
#pragma once

#include "core/cpu.h"
#include "mm/frame.h"

enum {
	FRAME_STEPS = 4,
	STEP_BITS = 16,
	STEP_OWNER = 7,
	STEP_HIDDEN = 1 << 3,
	STEP_SEALED = 1 << 4,
	STEP_WHO_SHIFT = 5,
	/* The process on whose behalf: its pid, as far as there is room; 0: the kernel's own. */
	STEP_WHO_MAX = (1 << (STEP_BITS - STEP_WHO_SHIFT)) - 1,
};
static_assert(NR_OWNERS <= STEP_OWNER + 1, "an owner fits into its bits");
static_assert(FRAME_HIDDEN << 3 == STEP_HIDDEN, "frame_history_note shifts it");
static_assert(FRAME_SEALED << 1 == STEP_SEALED, "frame_history_note shifts it");

extern uint64_t *frame_histories; /* nr_frames words */

/* What cpu->frame_who is while a thread of the process runs. */
static inline uint64_t frame_who(uint32_t pid) { return (pid & STEP_WHO_MAX) << STEP_WHO_SHIFT; }

static inline uint64_t frame_state_encode(enum owner owner, unsigned flags)
{
	return owner | (flags & FRAME_HIDDEN) << 3 | (flags & FRAME_SEALED) << 1;
}

/* The step to this owner and these flags, on behalf of the process that runs here. */
static inline uint64_t frame_step_encode(enum owner owner, unsigned flags)
{
	return frame_state_encode(owner, flags) | PERCPU_READ(offsetof(struct cpu, frame_who));
}

static inline void frame_history_add(uint64_t *history, uint64_t step)
{
	*history = *history << STEP_BITS | step;
}

/* The frame's owner or flags have changed. frame.c and whoever hides, with the frame its own. */
static inline void frame_history_note(pfn_t at, enum owner owner, unsigned flags)
{
	frame_history_add(&frame_histories[at.pfn], frame_step_encode(owner, flags));
}

struct frame_step {
	enum owner owner;
	bool is_hidden, is_sealed;
	uint32_t who;
};

struct frame_history {
	unsigned nr; /* 1 .. FRAME_STEPS: the last is the state now */
	struct frame_step steps[FRAME_STEPS];
	bool is_whole; /* nothing came before */
};

void frame_history_read(pfn_t frame, struct frame_history *out);
/* Who had a frame that is FREE now; RESERVED: nobody yet. */
enum owner frame_owner_before_free(pfn_t frame);
/* For the audit: the newest step is what the frame table says. */
bool frame_history_agrees(pfn_t frame);
