/*
 * Pages of 2 MiB of an address space: made and copied with as->lock free, as that takes long.
 * Meanwhile as->change says CHANGE_PAGE, so that changes and faults wait: regions and entries stay
 * what they were. Within a fork the fork says that already.
 */
#include "mm/as/as_change.h"
#include "mm/as/as_pages.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/table/ptable.h"

/* The lock is free afterwards. Returns what went on before, for `end`. */
static enum as_change begin(struct as *as)
{
	enum as_change before = (enum as_change)as->change;

	as_change_leave(as, before == CHANGE_NONE ? CHANGE_PAGE : before);
	return before;
}

/* With the lock held, and afterwards as well. */
static void end(struct as *as, enum as_change before)
{
	if (before == CHANGE_NONE) {
		as_change_over(as);
		lock_acquire(&as->lock);
	}
}

status_t as_large_fill(struct as *as, const struct region *region, pte_t *entry)
{
	enum as_change before = begin(as);
	pfn_t frame;
	status_t status = frame_alloc_large(&frame);

	as_change_return(as);
	if (status == STATUS_OK) {
		as->nr_pages += page_map(entry, as_pte(frame, region, false)) << HUGE_ORDER;
	}
	end(as, before);
	return status;
}

/* Flushes. */
static void page_go(struct as *as, uint64_t page, pte_t *entry, struct released *out)
{
	if (ASSERTIONS) {
		upcall_entry_stricter(&entry->value, true);
	}
	(void)pages_park(entry, 1, page);
	as_tlb_downgrade(&as->tlb, (uva_t){ page }, (uva_t){ page + HUGE_SIZE });
	out->nr = 0;
	(void)pages_release(entry, 1, true, out);
}

status_t as_large_copy(struct as *as, const struct region *region, uint64_t page, pte_t *entry)
{
	pfn_t copy;
	enum as_change before = begin(as);
	/* nobody writes to the old one: all entries for it are read-only */
	status_t status = frame_alloc_large_copy(entry, &copy);
	struct released old;

	as_change_return(as);
	if (status == STATUS_OK) {
		page_go(as, page, entry, &old);
		status = page_map(entry, as_pte(copy, region, false)) ? STATUS_OK : STATUS_EFAULT;
		/* the last reference may have been ours, and scrubbing takes as long */
		as_change_leave(as, (enum as_change)as->change);
		frames_put_released(&old);
		as_change_return(as);
	}
	end(as, before);
	return status;
}
