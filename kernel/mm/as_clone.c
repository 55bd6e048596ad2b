/* fork: the child gets the parent's regions and, read-only on both sides where private, its frames.
 */
#include "mm/as_change.h"
#include "mm/as_pages.h"
#include "mm/layout.h"
#include "mm/ptable.h"

/* Gives the child one of the parent's frames. True: the parent's entry became stricter. */
static bool page_share(const struct region *region, pte_t *from, pte_t *to)
{
	pte_t old = pte_read(from), shared = old;

	/* read-only ones too: as_write does not ask for rights */
	if (!(region->flags & REGION_SHARED)) {
		shared = as_pte(pte_frame(old), region, true);
	}
	/* pairs with frames_put_user and copy_on_write of the other address spaces that map it */
	__atomic_fetch_add(&frame_entry(pte_frame(old))->refs, 1, __ATOMIC_RELAXED);
	pte_write(from, shared);
	pte_write(to, shared);
	return pte_is_writable(old) && !pte_is_writable(shared);
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

/* The parent's entry of a page, and the one that the child's is to be beside: NULL where the parent
 * has no page. */
static status_t page_find(struct as *parent, const struct region *region, uint64_t page,
			  pte_t **from)
{
	/* a page of shared memory that either side touched first would be its own otherwise */
	if (region->flags & REGION_SHARED) {
		return as_page_fill(parent, region, page, from);
	}
	*from = ptable_entry(parent->root, page, region_level(region));
	return STATUS_OK;
}

/* One page, which the parent has: the child gets it, too. *to: the child's entry; NULL: its table
 * may be missing. */
static inline __attribute__((always_inline)) status_t page_give(struct clone *clone,
								const struct region *region,
								uint64_t address, pte_t *from,
								pte_t **to, struct tlb_batch *batch)
{
	status_t status = STATUS_OK;

	if (!*to) {
		status = ptable_entry_create(clone->child->root, address, region_level(region), to);
	}
	if (status == STATUS_OK) {
		if (page_share(region, from, *to)) {
			tlb_batch_add(batch, address, address + region_page_bytes(region));
		}
		clone->child->nr_pages += 1ul << region_order(region);
	}
	return status;
}

/* Up to the end of a table, or of the piece. */
static status_t table_share(struct clone *clone, const struct region *region, uint64_t *at,
			    struct tlb_batch *batch)
{
	uint64_t step = region_page_bytes(region), address = *at;
	uint64_t table_bytes = 1ul << level_shift(region_level(region) + 1);
	uint64_t piece = address + step * (1 + (WORK_MAX - clone->work) / WORK_SHARED);
	uint64_t end = MIN(align_down(address, table_bytes) + table_bytes, region->end);
	unsigned nr_given = 0;
	pte_t *from, *to = NULL;
	status_t status = page_find(clone->parent, region, address, &from);

	if (status == STATUS_OK && !from) {
		*at = ptable_skip(clone->parent->root, address);
		return STATUS_OK;
	}
	end = MIN(end, piece);
	for (; status == STATUS_OK && address < end; address += step, from++) {
		if (pte_holds_frame(pte_read(from))) {
			status = page_give(clone, region, address, from, &to, batch);
			end = ++nr_given == GIVES_PER_PIECE ? address + step : end;
		} else if (UNLIKELY(region->flags & REGION_SHARED)) {
			end = MIN(end, address + step * FILLS_PER_PIECE);
			clone->work += WORK_PAGE;
			status = as_page_fill(clone->parent, region, address, &from);
			if (status == STATUS_OK) {
				status = page_give(clone, region, address, from, &to, batch);
			}
		}
		to += to ? 1 : 0;
	}
	clone->work += (unsigned)((address - *at) / step) * WORK_SHARED +
		       nr_given * (WORK_MAX / GIVES_PER_PIECE - WORK_SHARED);
	*at = address;
	return status;
}

/* Flushes: in each piece, as all of its pages must be out of reach when others get in. */
static status_t region_share(struct clone *clone, const struct region *region)
{
	status_t status = STATUS_OK;

	for (uint64_t at = region->start; at < region->end && status == STATUS_OK;) {
		TLB_BATCH(batch);

		clone->work += WORK_TABLE;
		status = table_share(clone, region, &at, &batch);
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

/* A region and its pages after the other: the child is whole at every time. */
static status_t regions_share(struct clone *clone)
{
	status_t status = STATUS_OK;

	LIST_FOR_EACH (node, &clone->parent->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);

		if (status == STATUS_OK) {
			status = region_copy(clone->child, region);
			clone->work += region_work(clone->child);
		}
		if (status == STATUS_OK) {
			status = region_share(clone, region);
		}
	}
	return status;
}

static status_t clone_under_lock(struct clone *clone)
{
	status_t status = shared_check(clone);

	if (status == STATUS_OK) {
		status = regions_share(clone);
	}
	clone->child->heap_start = clone->parent->heap_start;
	clone->child->heap_end = clone->parent->heap_end;
	clone->child->has_huge = clone->parent->has_huge;
	return status;
}

status_t as_clone(struct as *parent, struct as **out)
{
	struct clone clone = { .parent = parent };
	status_t status = as_create(&clone.child);

	if (status) {
		return status;
	}
	status = as_change_begin(parent);
	if (status == STATUS_OK) {
		status = clone_under_lock(&clone);
		as_change_end(parent);
	}
	if (status) {
		as_put(clone.child);
		return status;
	}
	*out = clone.child;
	return STATUS_OK;
}
