/*
 * The frame table. Where free frames are, each in one place: the free lists, the quarantine, the
 * CPUs' caches. Then every frame: its flags are its owner's, its history ends as it is, it is at
 * home somewhere (audit_see), and the books count what is there.
 */
#include "core/cpu.h"
#include "core/options.h"
#include "mm/audit_walk.h"
#include "mm/frame_alloc.h"
#include "mm/frame_history.h"
#include "mm/frame_pool.h"
#include "mm/ptable.h"
#include "mm/stock.h"
#include "mm/window.h"

/* Hidden frames whose contents are yet to be looked at. */
struct batch {
	unsigned nr;
	pfn_t frames[WINDOW_PAGES];
};

static void batch_check(struct audit *audit, struct batch *batch)
{
	bool can_look = batch->nr && audit->has_window;
	unsigned found = can_look ? window_find_nonzero(batch->frames, batch->nr) : batch->nr;

	if (found < batch->nr) {
		audit_violation(audit, "frame %#x, FREE_HIDDEN, is not zero",
				batch->frames[found].pfn);
	}
	batch->nr = 0;
}

static void batch_add(struct audit *audit, struct batch *batch, pfn_t frame)
{
	batch->frames[batch->nr++] = frame;
	if (batch->nr == WINDOW_PAGES) {
		batch_check(audit, batch);
	}
}

/* A place for free frames. zero: NULL: contents do not matter yet. */
struct place {
	const char *name;
	uint8_t flags; /* of each frame */
	struct batch *zero;
};

/* False: it is not free, or in another place, too. */
static bool check_free_frame(struct audit *audit, const struct place *place, pfn_t frame,
			     uint8_t flags)
{
	const struct frame *entry = frame_entry(frame);

	if (!pfn_is_valid(frame) || entry->owner != OWNER_FREE ||
	    (entry->flags & ~FRAME_SEEN) != flags) {
		audit_violation(audit, "frame %#x is in %s, and is not free, or of another kind",
				frame.pfn, place->name);
		return false;
	}
	if (!audit_see(frame)) {
		audit_violation(audit, "frame %#x is free twice, once in %s", frame.pfn,
				place->name);
		return false;
	}
	if (place->zero) {
		batch_add(audit, place->zero, frame);
	}
	return true;
}

/* head: what the first frame has on top. Returns how many are as they should be. */
static uint64_t check_block(struct audit *audit, const struct place *place, pfn_t first,
			    unsigned order, uint8_t head)
{
	uint64_t nr = 0;

	if (order > BUDDY_ORDER_MAX || !is_aligned(first.pfn, 1u << order)) {
		audit_violation(audit, "%s: no block of order %u begins at frame %#x", place->name,
				order, first.pfn);
		return 0;
	}
	for (uint32_t i = 0; i < 1u << order; i++) {
		nr += check_free_frame(audit, place, pfn_add(first, i),
				       place->flags | (i ? 0 : head));
	}
	return nr;
}

/* A list that leads back into itself ends at a frame that was seen. */
static uint64_t check_list(struct audit *audit, const struct place *place, uint32_t first,
			   unsigned order)
{
	uint32_t previous = UINT32_MAX;
	uint64_t nr = 0;

	while (first != UINT32_MAX) {
		uint64_t nr_here =
			check_block(audit, place, (pfn_t){ first }, order, FRAME_FREE_HEAD);

		if (nr_here != 1u << order) {
			return nr; /* it cannot be believed any further */
		}
		if (frames[first].order != order || frames[first].prev != previous) {
			audit_violation(audit, "%s: frame %#x does not belong where it is linked",
					place->name, first);
		}
		nr += nr_here;
		previous = first;
		first = frames[first].next;
	}
	return nr;
}

static void check_count(struct audit *audit, const char *what, uint64_t nr, uint64_t counted)
{
	if (nr != counted) {
		audit_violation(audit, "%s: %lu frames, and the books say %lu", what, nr, counted);
	}
}

static void check_lists(struct audit *audit, struct batch *zero)
{
	static const struct place places[NR_FREE_KINDS] = {
		[FREE_REVEALED] = { "the free lists", 0, NULL },
		[FREE_HIDDEN] = { "the free lists of hidden frames", FRAME_HIDDEN, NULL },
	};

	for (enum free_kind kind = 0; kind < NR_FREE_KINDS; kind++) {
		struct place place = places[kind];
		uint64_t nr = 0;

		place.zero = kind == FREE_HIDDEN && xpfo_hidden_is_clean() ? zero : NULL;
		for (unsigned order = 0; order < NR_BUDDY_ORDERS; order++) {
			nr += check_list(audit, &place, frame_pool.buddy.heads[kind][order], order);
		}
		check_count(audit, place.name, nr, frame_pool.buddy.nr_free[kind]);
	}
}

/* Its frames are zeroed when their generation is complete. */
static void check_quarantine(struct audit *audit)
{
	static const struct place place = { "the quarantine", FRAME_HIDDEN, NULL };
	const struct quarantine *quarantine = &frame_pool.quarantine;
	uint64_t nr = 0;

	for (unsigned i = 0; i < MIN(quarantine->nr, (unsigned)QUARANTINE_MAX); i++) {
		const struct quarantine_block *block =
			&quarantine->blocks[(quarantine->first + i) % QUARANTINE_MAX];

		nr += check_block(audit, &place, block->first, block->order, 0);
	}
	check_count(audit, place.name, nr, quarantine->nr_frames);
}

static void check_caches(struct audit *audit, struct batch *zero)
{
	bool is_hidden = frame_pool_cached_kind() == FREE_HIDDEN;
	struct place place = { "a CPU's cache", is_hidden ? FRAME_HIDDEN : 0,
			       is_hidden && xpfo_hidden_is_clean() ? zero : NULL };

	for (unsigned id = 0; id < nr_cpus; id++) {
		for (unsigned i = 0; i < FRAME_CACHE_MAX; i++) {
			pfn_t frame = cpus[id]->frame_cache[i];

			if (stock_count(&frame, 1)) {
				(void)check_free_frame(audit, &place, frame, place.flags);
			}
		}
	}
}

void audit_free_places(struct audit *audit)
{
	static struct batch zero; /* one audit at a time: the world is stopped */

	zero.nr = 0;
	check_lists(audit, &zero);
	check_quarantine(audit);
	check_caches(audit, &zero);
	check_count(audit, "free frames in hand", 0, frame_pool.nr_in_work);
	batch_check(audit, &zero);
}

/* What each owner's frames may have. */
static const uint8_t flags_of[NR_OWNERS] = {
	[OWNER_FREE] = FRAME_HIDDEN | FRAME_FREE_HEAD,
	[OWNER_KERNEL] = FRAME_SLAB | FRAME_COPIED | FRAME_PLACED,
	[OWNER_ENTRY] = FRAME_PLACED,
	[OWNER_USER] = FRAME_HIDDEN | FRAME_TAIL | FRAME_UNKMAPPED,
	[OWNER_POOL] = FRAME_HIDDEN | FRAME_SEALED,
};

/* What is wrong with a frame that no walk came across, or that is not its owner's; NULL: nothing.
 */
static const char *frame_error(const struct frame *frame, enum policy_state state)
{
	bool was_seen = frame->flags & FRAME_SEEN;

	if (frame->owner >= NR_OWNERS) {
		return "has no owner";
	}
	if (frame->flags & ~(flags_of[frame->owner] | FRAME_SEEN)) {
		return "has flags of another owner's";
	}
	if (frame->refs && (frame->owner != OWNER_USER || frame->flags & FRAME_TAIL)) {
		return "counts references that it cannot have";
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
		return was_seen || !(frame->flags & FRAME_PLACED) ? NULL : "is not at its place";
	case OWNER_ENTRY:
		return was_seen || state == STATE_ENTRY_TEXT ? NULL : "is not in the entry area";
	default: return NULL;
	}
}

/* Boot took two frames for the kernel's root, to have one with an even number. */
static void see_other_of_kernel_root(void)
{
	const pfn_t neighbours[] = { pfn_add(kernel_root, 1), { kernel_root.pfn - 1 } };

	for (unsigned i = 0; i < ARRAY_SIZE(neighbours); i++) {
		if (pfn_is_valid(neighbours[i]) &&
		    frame_entry(neighbours[i])->owner == OWNER_PTABLE && audit_see(neighbours[i])) {
			return;
		}
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
			check_count(audit, owner_name(owner), nr_of[owner],
				    frame_pool.nr_owned[owner]);
		}
	}
	check_count(audit, "USER", nr_of[OWNER_USER], stats.nr_user);
	check_count(audit, "all that can be used", nr_usable, stats.nr_usable);
}

void audit_frames(struct audit *audit)
{
	uint64_t nr_required = 0, nr_of[NR_OWNERS + 1] = { 0 };

	see_other_of_kernel_root();
	FOR_EACH_FRAME (i) {
		struct frame *frame = &frames[i];
		enum policy_state state = policy_state_of((pfn_t){ i });
		const char *error = frame_error(frame, state);

		audit->result->nr_frames++;
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
		frame->flags &= ~FRAME_SEEN;
		if (!frame_history_agrees((pfn_t){ i })) {
			audit_violation(audit, "frame %#x, %s, has a history that ends otherwise",
					i, policy_table[state].name);
		}
	}
	if (nr_required != audit->nr_direct) {
		audit_violation(audit, "direct map: %lu frames must be in it, %lu are", nr_required,
				audit->nr_direct);
	}
	check_books(audit, nr_of);
}
