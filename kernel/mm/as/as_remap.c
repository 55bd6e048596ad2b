/* Moves pages from one place of an address space to another. */
#include "mm/as/as_remap.h"

#include "mm/as/as_change.h"
#include "mm/as/as_map.h"
#include "mm/as/as_pages.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

/* WORK_MOVED: of a page, which is looked up in both places; debug builds also look at what its old
 * entry owes the TLBs. */
enum { MOVE_PAGES = ASSERTIONS ? 32 : 64, WORK_MOVED = 3 * WORK_WRITTEN };

/* The tables of the new place, wherever the old one has some: after this moving cannot fail.
 * ENOMEM. */
static status_t tables_prepare(struct as *as, uint64_t from, uint64_t to, uint64_t len_bytes,
			       unsigned *work)
{
	uint64_t done = 0;

	as->has_stray_tables = true;
	while (done < len_bytes) {
		pte_t *entry = ptable_entry(as->root, from + done, 1), *unused;
		status_t status;

		*work += WORK_TABLE;
		if (*work >= WORK_MAX) {
			*work = 0;
			if (as_change_pause(as, CHANGE_MOVE)) {
				return STATUS_EINTR;
			}
			entry = ptable_entry(as->root, from + done, 1);
		}
		if (!entry) {
			done = ptable_skip(as->root, from + done) - from;
			continue;
		}
		status = as_entry_create(as, to + done, 1, &unused);
		if (status) {
			return status;
		}
		/* the next page for which either has another table */
		done += MIN(HUGE_SIZE - ((from + done) & (HUGE_SIZE - 1)),
			    HUGE_SIZE - ((to + done) & (HUGE_SIZE - 1)));
	}
	return STATUS_OK;
}

/*
 * Flushes. No frame is ever usable in both places. The pages lie in one table, in the old place and
 * in the new; where the old one has none there is nothing.
 */
static void pages_go(struct as *as, uint64_t from, uint64_t to, unsigned nr, bool is_present)
{
	pte_t *entries = as_entry(as, from, 1);

	if (!entries) {
		return;
	}
	for (unsigned i = 0; ASSERTIONS && i < nr; i++) {
		if (pte_is_present(pte_read(&entries[i]))) {
			upcall_entry_stricter(&entries[i].value, true);
		}
	}
	if (pages_park(entries, nr, from)) {
		as_tlb_downgrade(&as->tlb, (uva_t){ from }, (uva_t){ from + nr * PAGE_SIZE });
		pages_move(entries, as_entry(as, to, 1), nr, is_present);
	}
}

static uint64_t pages_left_in_table(uint64_t at)
{
	return (HUGE_SIZE - at % HUGE_SIZE) / PAGE_SIZE;
}

static status_t range_move(struct as *as, uint64_t from, uint64_t to, uint64_t len_bytes,
			   bool is_present, unsigned *work)
{
	for (uint64_t done = 0; done < len_bytes;) {
		unsigned nr = (unsigned)MIN(
			MIN((len_bytes - done) / PAGE_SIZE, (uint64_t)MOVE_PAGES),
			MIN(pages_left_in_table(from + done), pages_left_in_table(to + done)));

		pages_go(as, from + done, to + done, nr, is_present);
		done += nr * PAGE_SIZE;
		*work += nr * WORK_MOVED + WORK_TABLE;
		if (*work >= WORK_MAX && done < len_bytes) {
			*work = 0;
			if (as_change_pause(as, CHANGE_MOVE)) {
				return STATUS_EINTR;
			}
		}
	}
	return STATUS_OK;
}

/* Caller began a change. `region` holds the old range. */
static status_t move(struct as *as, const struct as_remap_wish *wish, const struct region *region,
		     uva_t *out)
{
	enum as_map_how how = wish->is_fixed ? AS_MAP_FIXED : AS_MAP_ANYWHERE;
	uint64_t len_bytes = MIN(wish->old_bytes, wish->new_bytes);
	bool is_usable = region->rights;
	unsigned work = 0;
	status_t status = as_map_begun(as, how, wish->to, wish->new_bytes, region->rights,
				       region->flags, out);

	if (status) {
		return status;
	}
	as->move = (struct as_move){ wish->at, out->uva, len_bytes };
	status = tables_prepare(as, wish->at, out->uva, len_bytes, &work);
	if (status) {
		/* what was there before with MAP_FIXED is gone, as on Linux */
		return as_unmap_begun(as, *out, wish->new_bytes) == STATUS_EINTR ? STATUS_EINTR
										 : status;
	}
	status = range_move(as, wish->at, out->uva, len_bytes, is_usable, &work);
	if (status == STATUS_OK && !wish->keeps_old) {
		status = as_unmap_begun(as, (uva_t){ wish->at }, wish->old_bytes);
	}
	return status;
}

/* Without a move. ENOMEM: it needs one. */
static status_t resize(struct as *as, const struct as_remap_wish *wish, const struct region *region)
{
	uint64_t old_end = wish->at + wish->old_bytes, new_end = wish->at + wish->new_bytes;
	uva_t unused;
	status_t status;

	if (new_end == old_end) {
		return STATUS_OK;
	}
	if (region->end != old_end || new_end > USER_TOP) {
		return STATUS_ENOMEM;
	}
	status = as_map_begun(as, AS_MAP_FIXED_NOREPLACE, old_end, new_end - old_end,
			      region->rights, region->flags, &unused);
	return status ? STATUS_ENOMEM : STATUS_OK;
}

/* Caller began a change. */
static status_t remap(struct as *as, const struct as_remap_wish *wish, uva_t *out)
{
	const struct region *region = region_find(as, wish->at);
	status_t status;

	out->uva = wish->at;
	if (!region) {
		return STATUS_EFAULT;
	}
	if (!wish->is_fixed && !wish->keeps_old && wish->new_bytes < wish->old_bytes) {
		return as_unmap_begun(as, (uva_t){ wish->at + wish->new_bytes },
				      wish->old_bytes - wish->new_bytes);
	}
	if (wish->old_bytes > region->end - wish->at) {
		return STATUS_EFAULT;
	}
	if (region->flags & REGION_HUGE) {
		return STATUS_EINVAL;
	}
	if (!wish->is_fixed && !wish->keeps_old) {
		status = resize(as, wish, region);
		if (status != STATUS_ENOMEM || !wish->may_move) {
			return status;
		}
		region = region_find(as, wish->at);
	}
	return move(as, wish, region, out);
}

status_t as_remap(struct as *as, const struct as_remap_wish *wish, uva_t *out)
{
	status_t status = as_change_begin(as);
	uva_t where;

	if (status) {
		return status;
	}
	status = remap(as, wish, &where);
	as_change_end(as);
	if (status == STATUS_OK) {
		*out = where;
	}
	return status;
}
