/*
 * In the gate: what frames become because the kernel says so. Between two owners every frame is
 * free. What decides more than that has operations of its own: users' pages of 4 KiB (pages.c) and
 * of 2 MiB (large.c), page tables (roots.c), free frames that are hidden (hide.c), and pools' pages
 * that are sealed (pool_pages.c).
 */
#include "mm/frame/direct_map.h"
#include "mm/frame/xpfo.h"
#include "mm/gate/operations.h"
#include "mm/table/ptable.h"

#define WORD(...) FRAME_WORD(__VA_ARGS__)

/* Of the members that differ are these all? */
static bool differs_in(struct frame from, struct frame to, uint64_t members)
{
	return !((((union frame_word){ .frame = from }).word ^
		  ((union frame_word){ .frame = to }).word) &
		 ~members);
}

/* A revealed frame, for the kernel; a hidden and clean one for a pool, whose area is said once;
 * with published variants of XPFO any for a user, to be cleared while it is his. */
static bool may_be_taken(struct frame from, struct frame to)
{
	uint8_t hidden = from.flags & FRAME_HIDDEN;

	if (from.number == FRAME_SETTLING || from.flags & FRAME_DIRTY) {
		return false;
	}
	switch (to.owner) {
	case OWNER_KERNEL: return !hidden && !to.flags;
	case OWNER_PTABLE:
		return !hidden &&
		       ((union frame_word){ .frame = to }).word == WORD(.owner = OWNER_PTABLE);
	case OWNER_POOL:
		return to.flags == hidden && to.number == FRAME_NO_AREA &&
		       (hidden ? !from.number : options.pmalloc != pmalloc_full);
	case OWNER_USER:
		return (!xpfo_is_strict() || (hidden && !from.number)) &&
		       to.flags == (hidden | FRAME_FRESH) && !to.order && !to.kmaps && to.refs <= 1;
	default: return false;
	}
}

/* Whether a page table waits for a processor that may still look into it. */
static bool table_waits(struct frame table)
{
	return table.number && (!(table.flags & TABLE_CLEAN) || table.number == FRAME_SETTLING ||
				!gate_number_is_complete(table.number));
}

/* Nothing maps it, and nothing did of what is sealed; only hidden ones stay hidden. */
static bool may_be_freed(struct frame from, struct frame to)
{
	if (to.flags != (from.owner == OWNER_PTABLE ? 0 : from.flags & FRAME_HIDDEN) || to.kmaps) {
		return false;
	}
	switch (from.owner) {
	case OWNER_KERNEL: return !(from.flags & (FRAME_MAPPED | FRAME_SEALED | FRAME_HIDDEN));
	case OWNER_POOL: return !(from.flags & FRAME_MAPPED);
	case OWNER_PTABLE: return table_is_loose(&from) && !table_waits(from);
	case OWNER_USER:
		return (!from.refs || from.flags & FRAME_FRESH) && !from.kmaps && !from.order &&
		       !(from.flags & FRAME_TAIL);
	default: return false;
	}
}

/*
 * With a published variant of XPFO the direct map shows users' frames now and then, and the kernel
 * says when: but not one that the direct map has is called hidden. Strict variants never do.
 */
static bool user_may_change(pfn_t frame, struct frame from, struct frame to)
{
	bool may_show = differs_in(
		from, to, WORD(.flags = FRAME_UNKMAPPED | FRAME_HIDDEN, .kmaps = UINT8_MAX));

	return !xpfo_is_strict() && may_show &&
	       (!(to.flags & FRAME_HIDDEN) || to.kmaps || !direct_map_has(frame));
}

static bool may_stay(pfn_t frame, struct frame from, struct frame to)
{
	switch (from.owner) {
	case OWNER_KERNEL:
		return !(from.flags & FRAME_SEALED) &&
		       differs_in(from, to,
				  WORD(.flags = FRAME_SLAB | FRAME_COPIED | FRAME_PLACED |
						FRAME_SEALED,
				       .number = UINT32_MAX));
	case OWNER_POOL:
		return from.number == FRAME_NO_AREA &&
		       differs_in(from, to, WORD(.number = UINT32_MAX));
	case OWNER_USER: return user_may_change(frame, from, to);
	case OWNER_PTABLE:
		/* how many hold the page split */
		return table_is_reserved(&from) &&
		       differs_in(from, to, WORD(.nr_used = UINT16_MAX));
	default: return false;
	}
}

static bool may_become(pfn_t frame, struct frame from, struct frame to)
{
	if (!gate_is_shut() || from.owner == to.owner) {
		return !gate_is_shut() || may_stay(frame, from, to);
	}
	return to.owner == OWNER_FREE ? may_be_freed(from, to)
				      : from.owner == OWNER_FREE && may_be_taken(from, to);
}

/* A hidden frame that becomes free waits: somebody may still write to it, and nobody is to see what
 * it holds. */
static void wait_when_free(struct frame from, struct frame *to)
{
	bool waits = to->flags & FRAME_HIDDEN && gate_is_shut() && from.owner != OWNER_FREE;

	to->number = waits ? gate_number_next() : 0;
	to->flags |= waits && (from.owner == OWNER_POOL || xpfo_is_strict()) ? FRAME_DIRTY : 0;
}

static inline uint64_t frame_set(pfn_t pfn, uint64_t keep, uint64_t set)
{
	struct frame *frame = gate_frame(pfn);
	union frame_word from = { .frame = *frame }, to;

	do {
		to.word = (from.word & keep) | set;
		if (to.frame.owner == OWNER_FREE) {
			to.frame.number = 0;
		}
		if (!may_become(pfn, from.frame, to.frame)) {
			return GATE_NO_CHANGE;
		}
		if (to.frame.owner == OWNER_FREE) {
			wait_when_free(from.frame, &to.frame);
		}
	} while (!__atomic_compare_exchange_n((uint64_t *)frame, &from.word, to.word, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return GATE_DONE;
}

/* first, how many, what of each word stays as it is, what the rest becomes. The kernel half is
 * locked where the answer lies in its entries. */
uint64_t gate_frames_set(uint64_t first, uint64_t nr, uint64_t keep, uint64_t set)
{
	uint64_t refusal = GATE_DONE;

	if (first >= nr_frames || nr > nr_frames - first) {
		return GATE_NO_FRAME;
	}
	for (uint64_t i = 0; i < nr && !refusal; i++) {
		pfn_t frame = { (uint32_t)(first + i) };
		bool is_locked = frame_entry(frame)->owner == OWNER_USER;

		if (UNLIKELY(is_locked)) {
			gate_kernel_half_lock();
		}
		refusal = frame_set(frame, keep, set);
		if (UNLIKELY(is_locked)) {
			gate_kernel_half_unlock();
		}
	}
	return refusal;
}
