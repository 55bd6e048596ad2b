/* fork: the child gets the parent's regions and, read-only on both sides where private, its frames.
 */
#include "mm/as/as_change.h"
#include "mm/as/as_pages.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

/* Gives the child what nr of the parent's entries show. */
static inline struct shared pages_share(const struct region *region, pte_t *from, pte_t *to,
					unsigned nr)
{
	bool is_private = !(region->flags & REGION_SHARED);

	for (unsigned i = 0; ASSERTIONS && is_private && i < nr; i++) {
		pte_t pte = pte_read(&from[i]);

		if (pte_is_present(pte) && pte_is_writable(pte) &&
		    !pte_holds_frame(pte_read(&to[i]))) {
			upcall_entry_stricter(&from[i].value, true);
		}
	}
	/* pairs with frames_put_user and copy_on_write of the other address spaces that map them */
	return entries_share(from, to, nr, is_private);
}

/* A fork under way. The parent's lock is held; nobody else knows the child. */
struct clone {
	struct as *parent, *child;
	unsigned work; /* of this piece */
};

/* In one piece: pages of shared memory that are made, and pages that the child gets. */
enum { FILLS_PER_PIECE = WORK_MAX / WORK_PAGE / 2, GIVES_PER_PIECE = WORK_MAX / 8 };

/* EINTR: the thread must end. */
static status_t pause_after(struct clone *clone)
{
	if (LIKELY(clone->work < WORK_MAX)) {
		return STATUS_OK;
	}
	clone->work = 0;
	return as_change_pause(clone->parent, CHANGE_FORK) ? STATUS_EINTR : STATUS_OK;
}

/* Where a walk over the entries of one table stands: up to its end, or that of the piece. */
struct walk {
	uint64_t address, end, step;
	pte_t *from, *to; /* to: the child's entry beside from; NULL: its table may be missing */
	unsigned nr_given;
};

/* With the regions behind this one that are alike for a fork, and in the same table. */
static struct walk walk_start(const struct clone *clone, const struct region *region,
			      uint64_t address)
{
	enum { KIND = REGION_SHARED | REGION_HUGE };
	uint64_t step = region_page_bytes(region);
	uint64_t table_bytes = 1ul << level_shift(region_level(region) + 1);
	uint64_t table_end = align_down(address, table_bytes) + table_bytes;
	uint64_t piece = address + step * (1 + (WORK_MAX - clone->work) / WORK_SHARED);
	uint64_t end = region->end;
	unsigned kind = region->flags & KIND;

	while (!kind && end < table_end && (region = region_next(clone->parent, region)) &&
	       !(region->flags & KIND)) {
		end = region->start < table_end ? region->end : table_end;
	}
	end = MIN(end, table_end);
	return (struct walk){ .address = address, .end = MIN(end, piece), .step = step };
}

/* On to the next entry of the parent's that has a page; false: there is none. */
static inline bool walk_find(struct walk *walk)
{
	unsigned nr = walk->address < walk->end
			      ? (unsigned)((walk->end - walk->address) / walk->step)
			      : 0;
	unsigned nr_empty = ptes_skip_empty(walk->from, nr);

	walk->address += nr_empty * walk->step;
	walk->from += nr_empty;
	walk->to += nr_empty;
	return nr_empty < nr;
}

/* Of the pages from here on those that are there; the child has the table. */
static inline void pages_give(struct clone *clone, const struct region *region, struct walk *walk,
			      struct tlb_batch *batch)
{
	struct walk at = *walk;

	do {
		unsigned nr = (unsigned)MIN((at.end - at.address) / at.step,
					    (uint64_t)GIVES_PER_PIECE - at.nr_given);
		uint64_t end = at.address + nr * at.step;
		struct shared shared = pages_share(region, at.from, at.to, nr);

		if (shared.is_stricter) {
			tlb_batch_add(batch, at.address, end);
		}
		at = (struct walk){ end,          at.end,     at.step,
				    at.from + nr, at.to + nr, at.nr_given + shared.nr };
	} while (walk_find(&at) && at.nr_given < GIVES_PER_PIECE);
	clone->child->nr_pages += (uint64_t)(at.nr_given - walk->nr_given) << region_order(region);
	*walk = at;
}

/* Private memory: what is not there stays away. */
static status_t private_share(struct clone *clone, const struct region *region, struct walk *walk,
			      struct tlb_batch *batch)
{
	status_t status;

	walk->from = ptable_entry(clone->parent->root, walk->address, region_level(region));
	if (!walk->from) {
		walk->address = ptable_skip(clone->parent->root, walk->address);
		return STATUS_OK;
	}
	if (!walk_find(walk)) {
		return STATUS_OK;
	}
	status = ptable_entry_create(clone->child->root, walk->address, region_level(region),
				     &walk->to);
	if (status == STATUS_OK) {
		pages_give(clone, region, walk, batch);
	}
	return status;
}

/* A page of shared memory that either side touched first would be its own otherwise. */
static status_t shared_share(struct clone *clone, const struct region *region, struct walk *walk)
{
	unsigned level = region_level(region), nr_most = level == 1 ? FILLS_PER_PIECE : 1;

	if (level > 1) {
		/* one that is made lets others in */
		clone->parent->change = CHANGE_FORK;
	}
	for (unsigned nr = 0; walk->address < walk->end && nr < nr_most; nr++) {
		status_t status = as_page_fill(clone->parent, region, walk->address, &walk->from);

		if (status == STATUS_OK) {
			status = ptable_entry_create(clone->child->root, walk->address, level,
						     &walk->to);
		}
		if (status) {
			return status;
		}
		(void)pages_share(region, walk->from, walk->to, 1);
		clone->child->nr_pages += 1ul << region_order(region);
		clone->work += level == 1 ? (unsigned)WORK_PAGE : (unsigned)WORK_MAX;
		walk->address += walk->step;
	}
	return STATUS_OK;
}

static status_t table_share(struct clone *clone, const struct region *region, uint64_t *at,
			    struct tlb_batch *batch)
{
	struct walk walk = walk_start(clone, region, *at);
	status_t status = region->flags & REGION_SHARED
				  ? shared_share(clone, region, &walk)
				  : private_share(clone, region, &walk, batch);

	clone->work += (unsigned)(MIN(walk.address, walk.end) - *at) / walk.step * WORK_SHARED +
		       walk.nr_given * (WORK_MAX / GIVES_PER_PIECE - WORK_SHARED);
	/* where tables are missing no page is, but one of shared memory behind is to be made */
	*at = MIN(walk.address, MAX(walk.end, region->end));
	return status;
}

/* Flushes: in each piece, as all of its pages must be out of reach when others get in. *at: what
 * lies below is done. */
static status_t region_share(struct clone *clone, const struct region *region, uint64_t *at)
{
	status_t status = STATUS_OK;

	for (*at = MAX(*at, region->start); *at < region->end && status == STATUS_OK;) {
		TLB_BATCH(batch);

		clone->work += WORK_TABLE;
		status = table_share(clone, region, at, &batch);
		as_tlb_flush(&clone->parent->tlb, &batch);
		if (status == STATUS_OK) {
			status = pause_after(clone);
		}
	}
	return status;
}

/* Memory must not be filled with zeroes first and found too small then. */
static status_t shared_check(struct clone *clone)
{
	uint64_t nr_missing = 0;
	status_t status = STATUS_OK;

	LIST_FOR_EACH (node, &clone->parent->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);
		uint64_t at = region->flags & REGION_SHARED ? region->start : region->end;

		clone->work += WORK_REGION / 32;
		while (at < region->end && status == STATUS_OK) {
			at = as_pages_missing(clone->parent, region, at, &nr_missing, &clone->work);
			status = pause_after(clone);
		}
		if (status == STATUS_OK) {
			status = pause_after(clone);
		}
	}
	if (status) {
		return status;
	}
	return !nr_missing || frame_user_is_allowed(nr_missing) ? STATUS_OK : STATUS_ENOMEM;
}

/* The page that both sides write to first is copied at once, if the parent could write to it
 * without a fault: else each of them had one. */
static status_t page_copy_now(struct clone *clone, uint64_t address)
{
	const struct region *region = region_find(clone->parent, address);
	uint64_t page = align_down(address, PAGE_SIZE);
	pte_t *from = ptable_entry(clone->parent->root, page, 1), *to;
	status_t status;
	pfn_t copy;

	if (!region || region->flags & (REGION_SHARED | REGION_HUGE) || !from ||
	    !pte_is_present(pte_read(from)) || !pte_is_writable(pte_read(from))) {
		return STATUS_OK;
	}
	status = ptable_entry_create(clone->child->root, page, 1, &to);
	while (status == STATUS_OK) {
		copy = frame_take_user();
		status = copy.pfn ? STATUS_OK : STATUS_ENOMEM;
		if (status == STATUS_OK && LIKELY(page_clone(from, to, copy))) {
			clone->child->nr_pages++;
			clone->work += WORK_PAGE;
			break;
		}
	}
	return status;
}

/* First all regions: in a child that is not whole pages are missing, and never a region. */
static status_t regions_share(struct clone *clone, uva_t written)
{
	status_t status = STATUS_OK;
	uint64_t at = 0;

	LIST_FOR_EACH (node, &clone->parent->regions) {
		if (status == STATUS_OK) {
			status = region_copy(clone->child, LIST_ENTRY(node, struct region, node));
			clone->work += region_work(clone->child);
		}
		if (status == STATUS_OK) {
			status = pause_after(clone);
		}
	}
	if (status == STATUS_OK && written.uva && clone->parent->users == 1) {
		status = page_copy_now(clone, written.uva);
	}
	LIST_FOR_EACH (node, &clone->parent->regions) {
		if (status == STATUS_OK) {
			status = region_share(clone, LIST_ENTRY(node, struct region, node), &at);
		}
	}
	return status;
}

static status_t clone_under_lock(struct clone *clone, uva_t written)
{
	status_t status = shared_check(clone);

	if (status == STATUS_OK) {
		status = regions_share(clone, written);
	}
	clone->child->heap_start = clone->parent->heap_start;
	clone->child->heap_end = clone->parent->heap_end;
	clone->child->has_huge = clone->parent->has_huge;
	return status;
}

status_t as_clone(struct as *parent, uva_t written, struct as **out)
{
	struct clone clone = { .parent = parent };
	status_t status;

	if (!root_is_ours(parent->root)) {
		return STATUS_EFAULT;
	}
	status = as_create(&clone.child);

	if (status) {
		return status;
	}
	status = as_change_begin(parent);
	if (status == STATUS_OK) {
		status = clone_under_lock(&clone, written);
		as_change_end(parent);
	}
	if (status) {
		as_put(clone.child);
		return status;
	}
	*out = clone.child;
	return STATUS_OK;
}
