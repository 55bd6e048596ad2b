/* fork: the child gets the parent's regions and, read-only on both sides where private, its frames.
 */
#include "mm/as_pages.h"
#include "mm/frame_alloc.h"
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

/* Caller holds both locks' worth: the parent's, and nobody else knows the child. */
static status_t region_share(struct as *parent, struct as *child, const struct region *region,
			     struct tlb_batch *batch)
{
	unsigned level = region_level(region);
	uint64_t table_bytes = 1ul << level_shift(level + 1);

	if (region->flags & REGION_SHARED) {
		/* a page that either side touched first would be its own otherwise */
		status_t status = as_pages_fill(parent, region);

		if (status) {
			return status;
		}
	}
	for (uint64_t address = region->start; address < region->end;) {
		pte_t *from = ptable_entry(parent->root, address, level), *to;
		uint64_t table_end =
			MIN(align_down(address, table_bytes) + table_bytes, region->end);

		if (!from) {
			address = ptable_skip(parent->root, address);
			continue;
		}
		for (to = NULL; address < table_end; address += region_page_bytes(region), from++) {
			if (!pte_holds_frame(pte_read(from))) {
				to += to ? 1 : 0;
				continue;
			}
			if (!to) {
				status_t status =
					ptable_entry_create(child->root, address, level, &to);

				if (status) {
					return status;
				}
			}
			if (page_share(region, from, to++)) {
				tlb_batch_add(batch, address, address + region_page_bytes(region));
			}
			child->nr_pages += 1ul << region_order(region);
		}
	}
	return STATUS_OK;
}

/* Memory must not be filled with zeroes first and found too small then. Caller holds the lock. */
static status_t shared_check(struct as *parent)
{
	uint64_t nr_missing = 0;

	LIST_FOR_EACH (node, &parent->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);

		if (region->flags & REGION_SHARED) {
			nr_missing += as_pages_missing(parent, region);
		}
	}
	return !nr_missing || frame_user_is_allowed(nr_missing) ? STATUS_OK : STATUS_ENOMEM;
}

status_t as_clone(struct as *parent, struct as **out)
{
	struct as *child;
	status_t status = as_create(&child);

	if (status) {
		return status;
	}
	lock_acquire(&parent->lock);
	status = shared_check(parent);
	if (status == STATUS_OK) {
		status = region_copy_all(parent, child);
	}
	LIST_FOR_EACH (node, &parent->regions) {
		TLB_BATCH(batch);

		if (status == STATUS_OK) {
			status = region_share(parent, child, LIST_ENTRY(node, struct region, node),
					      &batch);
		}
		/* region by region: together they span so much that all would have to go */
		as_tlb_flush(&parent->tlb, &batch);
	}
	child->heap_start = parent->heap_start;
	child->heap_end = parent->heap_end;
	child->has_huge = parent->has_huge;
	lock_release(&parent->lock);
	if (status) {
		as_put(child);
		return status;
	}
	*out = child;
	return STATUS_OK;
}
