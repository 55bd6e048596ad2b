/*
 * The frame table, entry by entry: a frame's flags are its owner's, its history ends as it is, it
 * is at home somewhere (audit_see), and the books count what is there.
 */
#include "core/options.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/frame_pool.h"
#include "mm/gate/gate.h"
#include "mm/table/ptable.h"
#include "mm/watch/audit_walk.h"

void audit_count(struct audit *audit, const char *what, uint64_t nr, uint64_t counted)
{
	if (nr != counted) {
		audit_violation(audit, "%s: there are %lu, and the books say %lu", what, nr,
				counted);
	}
}

/* What each owner's frames may have. */
static const uint8_t flags_of[NR_OWNERS] = {
	[OWNER_FREE] = FRAME_HIDDEN | FRAME_DIRTY,
	[OWNER_KERNEL] = FRAME_MAPPED | FRAME_SLAB | FRAME_COPIED | FRAME_PLACED | FRAME_HIDDEN |
			 FRAME_SEALED,
	[OWNER_ENTRY] = FRAME_MAPPED | FRAME_PLACED | FRAME_HIDDEN | FRAME_SEALED,
	[OWNER_USER] = FRAME_FRESH | FRAME_HIDDEN | FRAME_TAIL | FRAME_UNKMAPPED,
	[OWNER_POOL] = FRAME_MAPPED | FRAME_PLACED | FRAME_HIDDEN | FRAME_SEALED,
};

/*
 * A frame of the kernel's against the first one of its allocation: what a copy may reach depends on
 * that (usercopy_check.c).
 */
static bool agrees_with_allocation(pfn_t frame)
{
	const struct frame *entry = frame_entry(frame), *first;
	uint32_t nr;

	if (!pfn_is_valid((pfn_t){ entry->number }) || entry->number > frame.pfn) {
		return false;
	}
	first = &frames[entry->number];
	nr = 1u << MIN(first->order, (uint8_t)BUDDY_ORDER_MAX);
	if (first->number != entry->number || frame.pfn - entry->number >= nr ||
	    first->owner != OWNER_KERNEL ||
	    (first->flags ^ entry->flags) & (FRAME_COPIED | FRAME_SLAB)) {
		return false;
	}
	/* it is no longer than its frames say */
	return entry != first ||
	       (entry->number + nr <= nr_frames && first[nr - 1].owner == OWNER_KERNEL &&
		first[nr - 1].number == entry->number);
}

/* With ptprot, of a free hidden frame: 0, or the end of a generation that was drawn, or comes next.
 */
static bool may_wait(const struct frame *frame)
{
	uint32_t behind;

	if (gate_in_force == ptprot_off || !(frame->flags & FRAME_HIDDEN)) {
		return false;
	}
	if (frame->number == FRAME_SETTLING) {
		return false;
	}
	behind = (uint32_t)generation_newest() + !xpfo_is_strict() - frame->number;
	return behind <= INT32_MAX;
}

static bool has_number(const struct frame *frame)
{
	if (frame->owner == OWNER_FREE) {
		return may_wait(frame);
	}
	if (frame->owner == OWNER_USER && frame->flags & FRAME_TAIL) {
		/* of a fresh page, how much of it is clean */
		return (frame - frames) % (1 << HUGE_ORDER) == 1 && frame[-1].flags & FRAME_FRESH;
	}
	return frame->owner != OWNER_RESERVED;
}

/* What is wrong with a frame that no walk came across, or that is not its owner's; NULL: nothing.
 */
static const char *frame_error(const struct frame *frame, enum policy_state state)
{
	bool was_seen = frame_links[frame - frames].is_seen;

	if (frame->owner >= NR_OWNERS) {
		return "has no owner";
	}
	if (frame->owner != OWNER_PTABLE && frame->flags & ~flags_of[frame->owner]) {
		return "has flags of another owner's";
	}
	if (frame->number && !has_number(frame)) {
		return "counts references that it cannot have, or waits for a generation to come";
	}
	if (frame->kmaps && frame->owner != OWNER_USER && frame->owner != OWNER_PTABLE) {
		return "is held by xpfo_kmap";
	}
	if (policy_table[state].view == VIEW_IMAGE && frame->owner != OWNER_RESERVED) {
		return "is of the image, and somebody's";
	}
	switch ((enum owner)frame->owner) {
	case OWNER_FREE: return was_seen ? NULL : "is free and in no place where it can be had";
	case OWNER_PTABLE: return was_seen ? NULL : "is a page table that nothing leads to";
	case OWNER_POOL:
		if (!(frame->flags & FRAME_HIDDEN) == (options.pmalloc == pmalloc_full)) {
			return "is hidden, or not, against the option";
		}
		return was_seen ? NULL : "is mapped in no pool";
	case OWNER_KERNEL:
		if (!(frame->flags & FRAME_HIDDEN) != !(frame->flags & FRAME_SEALED)) {
			return "is hidden or sealed, and not both";
		}
		if (!was_seen && frame->flags & FRAME_PLACED) {
			return "is not at its place";
		}
		return agrees_with_allocation((pfn_t){ (uint32_t)(frame - frames) })
			       ? NULL
			       : "does not agree with its allocation";
	case OWNER_ENTRY:
		return was_seen || state == STATE_ENTRY_TEXT ? NULL : "is not in the entry area";
	default: return NULL;
	}
}

static void check_books(struct audit *audit, const uint64_t *nr_of)
{
	struct frame_stats stats;
	uint64_t nr_usable = 0;

	frame_stats_read(&stats);
	for (enum owner owner = OWNER_FREE; owner < NR_OWNERS; owner++) {
		nr_usable += nr_of[owner];
		if (owner != OWNER_FREE && owner != OWNER_USER) {
			audit_count(audit, owner_name(owner), nr_of[owner],
				    frame_pool.nr_owned[owner]);
		}
	}
	audit_count(audit, "USER", nr_of[OWNER_USER], stats.nr_user);
	audit_count(audit, "all that can be used", nr_usable, stats.nr_usable);
}

/*
 * Frames of the free lists in each RANGE_FRAMES, as the heads of their blocks say: a block may go
 * on in the next range.
 */
struct range {
	uint32_t number, nr, nr_to_come;
};

static void range_end(struct audit *audit, const struct range *range)
{
	uint32_t counted = frame_pool.buddy.nr_free_in[range->number];

	if (range->nr != counted) {
		audit_violation(audit,
				"free frames of range %u: there are %u, and the books say %u",
				range->number, range->nr, counted);
	}
}

static void range_count(struct audit *audit, struct range *range, pfn_t frame)
{
	const struct frame_link *link = frame_link(frame);

	if (frame.pfn / RANGE_FRAMES != range->number) {
		range_end(audit, range);
		range->number = frame.pfn / RANGE_FRAMES;
		range->nr = 0;
	}
	if (link->is_head && frame_entry(frame)->owner == OWNER_FREE) {
		range->nr_to_come = 1u << MIN((unsigned)link->order, (unsigned)BUDDY_ORDER_MAX);
	}
	if (range->nr_to_come) {
		range->nr_to_come--;
		range->nr++;
	}
}

void audit_frames(struct audit *audit)
{
	uint64_t nr_required = 0, nr_of[NR_OWNERS + 1] = { 0 };
	struct range range = { .number = frame_known(0) / RANGE_FRAMES };

	FOR_EACH_FRAME (i) {
		struct frame *frame = &frames[i];
		enum policy_state state = policy_state_of((pfn_t){ i });
		const char *error = frame_error(frame, state);

		audit->result->nr_frames++;
		range_count(audit, &range, (pfn_t){ i });
		audit->result->nr_sealed += policy_is_sealed(state);
		nr_required += policy_table[state].direct_map != RIGHTS_ABSENT;
		nr_of[MIN(frame->owner, NR_OWNERS)]++;
		if (error) {
			audit_violation(audit, "frame %#x, %s, %s", i, policy_table[state].name,
					error);
		}
		if (frame->owner == OWNER_USER) {
			audit_user_frame(audit, (pfn_t){ i });
		}
		frame_links[i].is_seen = false;
		if (!frame_history_agrees((pfn_t){ i })) {
			audit_violation(audit, "frame %#x, %s, has a history that ends otherwise",
					i, policy_table[state].name);
		}
	}
	if (nr_required != audit->nr_direct) {
		audit_violation(audit, "direct map: %lu frames must be in it, %lu are", nr_required,
				audit->nr_direct);
	}
	range_end(audit, &range);
	check_books(audit, nr_of);
}
