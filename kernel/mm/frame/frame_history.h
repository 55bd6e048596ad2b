/*
 * What happened to each frame last: two tables beside the frame table, 3 bytes for each frame
 * (0.07 % of memory). One has four steps of 4 bits, the newest in the low bits, each the frame's
 * state from that step on; the other says on whose behalf the newest step was. Reports read them,
 * and the debugger; xpfo=v1 asks who had a frame last.
 *
 *      15    12 11     8 7      4 3      0           7       6..0
 *    +---------+--------+--------+--------+        +-------+-------+
 *    | oldest  |        |        | newest |        |modulo?|  pid  |
 *    +---------+--------+--------+--------+        +-------+-------+
 *
 * Invariant: the newest step is the frame's state in the frame table (the audit compares them); the
 * steps before it are the states before, in order, each different from the next in owner, hidden or
 * sealed. Steps of 0 are a frame that was never anything but RESERVED.
 */
#pragma once

#include "arch/x86_64/cpu/tlb_port.h"
#include "core/cpu.h"
#include "lib/assert.h"
#include "mm/frame/frame.h"

/* STATE(name, owner, flags): what a frame can be. */
#define FRAME_HISTORY_STATES(STATE)                                                                \
	STATE(RESERVED, OWNER_RESERVED, 0)                                                         \
	STATE(FREE, OWNER_FREE, 0)                                                                 \
	STATE(FREE_HIDDEN, OWNER_FREE, FRAME_HIDDEN)                                               \
	STATE(KERNEL, OWNER_KERNEL, 0)                                                             \
	STATE(KERNEL_HIDDEN, OWNER_KERNEL, FRAME_HIDDEN)                                           \
	STATE(KERNEL_HIDDEN_SEALED, OWNER_KERNEL, FRAME_HIDDEN | FRAME_SEALED)                     \
	STATE(PTABLE, OWNER_PTABLE, 0)                                                             \
	STATE(ENTRY, OWNER_ENTRY, 0)                                                               \
	STATE(ENTRY_HIDDEN, OWNER_ENTRY, FRAME_HIDDEN)                                             \
	STATE(ENTRY_HIDDEN_SEALED, OWNER_ENTRY, FRAME_HIDDEN | FRAME_SEALED)                       \
	STATE(USER, OWNER_USER, 0)                                                                 \
	STATE(USER_HIDDEN, OWNER_USER, FRAME_HIDDEN)                                               \
	STATE(POOL, OWNER_POOL, 0)                                                                 \
	STATE(POOL_HIDDEN, OWNER_POOL, FRAME_HIDDEN)                                               \
	STATE(POOL_SEALED, OWNER_POOL, FRAME_SEALED)                                               \
	STATE(POOL_HIDDEN_SEALED, OWNER_POOL, FRAME_HIDDEN | FRAME_SEALED)

enum frame_history_state {
#define STATE(name, owner, flags) HISTORY_##name,
	FRAME_HISTORY_STATES(STATE)
#undef STATE
		NR_HISTORY_STATES,
};
enum {
	FRAME_STEPS = 4,
	STEP_BITS = 4,
	STEP_MASK = (1 << STEP_BITS) - 1,
	/* A pid below this is kept as it is, of another what is left modulo this. */
	HISTORY_PIDS = 128,
};
static_assert(NR_HISTORY_STATES <= STEP_MASK + 1, "a state fits into a step");
static_assert(FRAME_STEPS * STEP_BITS == 16, "the steps of a frame are a uint16_t");
static_assert(HISTORY_RESERVED == 0, "what was never written is RESERVED");

extern uint16_t *frame_histories;   /* nr_frames entries */
extern uint8_t *frame_history_pids; /* nr_frames entries; 0: the kernel's own, or no step yet */

/* The state of this owner and these flags; what cannot be is RESERVED, and the audit says so. */
enum { HISTORY_CODES = 32 };
static_assert(NR_OWNERS <= 8 && FRAME_HIDDEN << 3 == 8 && FRAME_SEALED << 1 == 16, "codes");
#define HISTORY_CODE(owner, flags)                                                                 \
	((owner) | ((flags)&FRAME_HIDDEN) << 3 | ((flags)&FRAME_SEALED) << 1)
extern const uint8_t frame_history_codes[HISTORY_CODES];
static inline enum frame_history_state frame_history_state(enum owner owner, unsigned flags)
{
	return frame_history_codes[HISTORY_CODE(owner, flags) % HISTORY_CODES];
}

/* What cpu->frame_who is while a thread of the process runs: its pid above what the table gets. */
static inline uint64_t frame_who(uint32_t pid)
{
	return (uint64_t)pid << 8 | (pid < HISTORY_PIDS ? pid : HISTORY_PIDS | pid % HISTORY_PIDS);
}
static inline uint32_t frame_who_pid(uint64_t who) { return (uint32_t)(who >> 8); }

/* The step to this state, on behalf of that process. The frame is the caller's own. */
static inline void frame_history_add(pfn_t at, enum frame_history_state state, uint64_t who)
{
	uint16_t *steps = &frame_histories[at.pfn];

	*steps = (uint16_t)(*steps << STEP_BITS | state);
	frame_history_pids[at.pfn] = (uint8_t)who;
}

/* As frame_history_add of each of nr frames in a row. */
static inline void frame_histories_add(pfn_t first, uint32_t nr, enum frame_history_state state,
				       uint64_t who)
{
	uint16_t *steps = &frame_histories[first.pfn];
	uint8_t *pids = &frame_history_pids[first.pfn];

	for (uint32_t i = 0; i < nr; i++) {
		steps[i] = (uint16_t)(steps[i] << STEP_BITS | state);
		pids[i] = (uint8_t)who;
	}
}

/* The process that runs here, for frame_history_add. */
static inline uint64_t frame_who_here(void) { return PERCPU_READ(offsetof(struct cpu, frame_who)); }

/* The frame's owner or flags have changed. frame.c and whoever hides, with the frame its own. */
static inline void frame_history_note(pfn_t at, enum owner owner, unsigned flags)
{
	frame_history_add(at, frame_history_state(owner, flags), frame_who_here());
}

static_assert(HISTORY_FREE_HIDDEN - HISTORY_FREE == FRAME_HIDDEN &&
		      HISTORY_USER_HIDDEN - HISTORY_USER == FRAME_HIDDEN,
	      "frame_changes_hands adds the flag");

/* What is noted elsewhere of a frame in hand that the gate alone moves, from FREE to USER by the
 * first entry that names it, and back by the last: before the former, after the latter. */
static inline void frame_changes_hands(pfn_t frame, unsigned flags, enum owner from, enum owner to)
{
	/* the builds that mark memory have assertions, too */
	if (ASSERTIONS || PCID_IS_SIMULATED) {
		frame_check_hands(frame, from, to);
	}
	frame_history_add(frame,
			  (to == OWNER_USER ? HISTORY_USER : HISTORY_FREE) + (flags & FRAME_HIDDEN),
			  frame_who_here());
}

/* For tests: the newest step was to this. */
static inline void frame_history_forge(pfn_t at, enum owner owner, unsigned flags)
{
	uint16_t *steps = &frame_histories[at.pfn];

	*steps = (uint16_t)((*steps & ~STEP_MASK) | frame_history_state(owner, flags));
}

struct frame_step {
	enum owner owner;
	bool is_hidden, is_sealed;
};

struct frame_history {
	unsigned nr; /* 1 .. FRAME_STEPS: the last is the state now */
	struct frame_step steps[FRAME_STEPS];
	bool is_whole; /* nothing came before */

	/* On whose behalf the last step was: the pid; 0: the kernel's own. */
	uint32_t pid;
	uint32_t pid_modulo; /* the pid is known modulo this; 0: it is that very one */
};

void frame_history_read(pfn_t frame, struct frame_history *out);
/* Who had a frame that is FREE now; RESERVED: nobody yet. */
enum owner frame_owner_before_free(pfn_t frame);
/* For the audit: the newest step is what the frame table says. */
bool frame_history_agrees(pfn_t frame);
