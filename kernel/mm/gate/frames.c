/* In the gate: what a frame may become, and how often a user frame is mapped. */
#include "mm/gate/operations.h"
#include "mm/xpfo.h"

/* What a frame keeps when it changes owner. A page table's flags say other things. */
static bool flags_are_kept(struct frame from, struct frame to)
{
	unsigned before = from.owner == OWNER_PTABLE ? 0 : from.flags & FRAME_HIDDEN;

	return before == (to.flags & FRAME_HIDDEN);
}

/*
 * What a frame that becomes free waits for. What the kernel scrubs when a user gives it back is
 * believed to be zero; a pool's frame may still be written through its old address.
 */
static __attribute__((noinline)) uint32_t number_of_free(struct frame from, struct frame to)
{
	bool is_clean = from.owner == OWNER_USER && xpfo_is_strict();

	return to.flags & FRAME_HIDDEN && gate_is_shut() && !is_clean ? gate_number_next() : 0;
}

/*
 * Nobody's are hidden frames that are being zeroed. A pool's frames are clean, and so are users'
 * where the variant of XPFO says that they are; those of a 2 MiB page are zeroed when it has them,
 * before anything maps it.
 */
static __attribute__((noinline)) bool may_be_taken(struct frame from, struct frame to)
{
	bool is_hidden = from.flags & FRAME_HIDDEN;
	bool is_large = to.flags & FRAME_TAIL || to.order == HUGE_ORDER;

	if (!gate_is_shut()) {
		return true;
	}
	if (from.number == FRAME_SETTLING) {
		return false;
	}
	if (to.owner == OWNER_POOL) {
		return is_hidden ? !from.number : options.pmalloc != pmalloc_full;
	}
	return to.owner != OWNER_USER || !xpfo_is_strict() ||
	       (is_hidden && (!from.number || (is_large && gate_number_is_complete(from.number))));
}

/* Between two owners every frame is free. A user frame that is mapped, or kmapped, stays one;
 * what the kernel has mapped beside the direct map stays the kernel's. */
static bool may_change_owner(struct frame from, struct frame to)
{
	if (from.owner == OWNER_USER && (from.refs || from.kmaps)) {
		return false;
	}
	if (from.owner == OWNER_PTABLE && (from.flags & TABLE_LINKED || from.nr_used)) {
		return false;
	}
	if (frame_notes_mapped(&from) && from.flags & FRAME_MAPPED) {
		return false;
	}
	if (to.owner == OWNER_FREE) {
		return (from.owner != OWNER_RESERVED || !gate_is_shut()) &&
		       flags_are_kept(from, to) && to.kmaps == 0 && !(to.flags & ~FRAME_HIDDEN);
	}
	return from.owner == OWNER_FREE && may_be_taken(from, to) && flags_are_kept(from, to) &&
	       !(to.flags & FRAME_SEALED) &&
	       (to.owner != OWNER_USER || to.flags & (FRAME_FRESH | FRAME_TAIL)) &&
	       (!(to.flags & FRAME_HIDDEN) || to.owner == OWNER_USER || to.owner == OWNER_POOL);
}

/* A root that rests in a stock, and its shadow, are tables again. */
static bool root_may_end(struct frame from, struct frame to, const struct frame *at)
{
	if (to.flags != 0) {
		return false;
	}
	return from.flags & TABLE_SHADOW
		       ? !(at[-1].flags & TABLE_LINKED)
		       : (from.flags & ROOT_STATES) == ROOT_IDLE && from.nr_used == 0;
}

/* What a table is for is said while nothing leads to it; of a reserved one only how many hold its
 * page split changes. A root is one no more when its user half is empty. */
static bool may_become_table(struct frame from, struct frame to, const struct frame *at)
{
	if (!gate_is_shut()) {
		return true;
	}
	if (table_is_reserved(&from)) {
		return from.flags == to.flags && from.number == to.number;
	}
	if (from.flags & TABLE_LINKED) {
		return table_level(&from) == LEVEL_MAX && root_may_end(from, to, at);
	}
	return from.nr_used == 0 && to.nr_used == 0 && !table_is_reserved(&to) &&
	       !(to.flags & TABLE_LINKED);
}

static bool may_become(struct frame from, struct frame to, const struct frame *at)
{
	if (to.owner >= NR_OWNERS) {
		return false;
	}
	if (from.owner != to.owner) {
		return may_change_owner(from, to);
	}
	if (from.owner == OWNER_PTABLE) {
		return may_become_table(from, to, at);
	}
	/* hide.c */
	if (from.owner == OWNER_FREE && gate_is_shut()) {
		return false;
	}
	/* counted by gate_frame_count alone, and fresh once; sealed for good */
	if (from.owner == OWNER_USER) {
		return from.refs == to.refs &&
		       !((from.flags ^ to.flags) & (FRAME_FRESH | FRAME_TAIL));
	}
	return !(from.flags & ~to.flags & FRAME_SEALED) &&
	       (!frame_notes_mapped(&from) || !((from.flags ^ to.flags) & FRAME_MAPPED));
}

/* A pool's frame only with the kernel half locked: nobody maps it, or takes it from where it was
 * mapped, meanwhile. */
static inline uint64_t frame_set(struct frame *frame, uint64_t keep, uint64_t set, bool is_locked)
{
	union frame_word from = { .frame = *frame }, to;

	do {
		to.word = (from.word & keep) | set;
		if (to.frame.owner == OWNER_FREE && from.frame.owner != OWNER_FREE) {
			to.frame.number = number_of_free(from.frame, to.frame);
		}
		if ((from.frame.owner == OWNER_POOL && !is_locked) ||
		    !may_become(from.frame, to.frame, frame)) {
			return GATE_NO_CHANGE;
		}
	} while (!__atomic_compare_exchange_n((uint64_t *)frame, &from.word, to.word, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return GATE_DONE;
}

/* first, how many, what of each word stays as it is, what the rest becomes. */
uint64_t gate_frames_set(uint64_t first, uint64_t nr, uint64_t keep, uint64_t set)
{
	uint64_t refusal = GATE_DONE;

	if (first >= nr_frames || nr > nr_frames - first) {
		return GATE_NO_FRAME;
	}
	for (uint64_t i = 0; i < nr && !refusal; i++) {
		struct frame *frame = gate_frame((pfn_t){ (uint32_t)(first + i) });
		bool is_locked = frame->owner == OWNER_POOL;

		if (UNLIKELY(is_locked)) {
			gate_kernel_half_lock();
		}
		refusal = frame_set(frame, keep, set, is_locked);
		if (UNLIKELY(is_locked)) {
			gate_kernel_half_unlock();
		}
	}
	return refusal;
}

/* frame, how many more, modulo 2^32, how many there must be before. With the new number. */
uint64_t gate_frame_count(uint64_t at, uint64_t more, uint64_t least, uint64_t unused3)
{
	pfn_t pfn = { (uint32_t)at };
	union frame_word from, to;
	struct frame *frame;

	(void)unused3;
	if (at >= nr_frames) {
		return GATE_NO_FRAME;
	}
	frame = gate_frame(pfn);
	from.frame = *frame;
	do {
		to = from;
		to.frame.refs += (uint32_t)more;
		if (from.frame.owner != OWNER_USER || from.frame.flags & FRAME_TAIL ||
		    (from.frame.flags & FRAME_FRESH && from.frame.number > 1) ||
		    from.frame.refs < least) {
			return GATE_NO_CHANGE;
		}
	} while (!__atomic_compare_exchange_n((uint64_t *)frame, &from.word, to.word, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return GATE_DONE | (uint64_t)to.frame.refs << GATE_VALUE_SHIFT;
}
