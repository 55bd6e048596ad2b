/* Checks first, then moves the frame. */
#include "mm/as_grant.h"

#include "lib/assert.h"
#include "mm/as_change.h"
#include "mm/as_pages.h"
#include "mm/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/layout.h"
#include "mm/ptable.h"

/* How often another thread may undo what the fault handler did. */
enum { TRIES_MAX = 8 };

/* One side of a grant. */
struct side {
	struct as *as;
	const struct region *region;
	uva_t at;
	pte_t *entry;
};

/* Everything that the move needs. Valid while both locks are held. */
struct grant {
	struct side from, to;
	pfn_t frame;
};

/* Caller holds side->as->lock. Private, writable, 4 KiB. */
static bool region_check(struct side *side)
{
	assert(lock_is_held(&side->as->lock));
	side->region = side->at.uva < USER_TOP && is_aligned(side->at.uva, PAGE_SIZE)
			       ? region_find(side->as, side->at.uva)
			       : NULL;
	return side->region && side->region->rights & RIGHT_WRITE &&
	       !(side->region->flags & (REGION_SHARED | REGION_HUGE));
}

/* Caller holds the lock. EAGAIN: the page has to be made the giver's own first. */
static status_t from_prepare(struct grant *grant)
{
	struct side *from = &grant->from;
	pte_t pte;

	assert(lock_is_held(&grant->from.as->lock));
	if (!region_check(from)) {
		return STATUS_EFAULT;
	}
	from->entry = ptable_entry(from->as->root, from->at.uva, 1);
	pte = from->entry ? pte_read(from->entry) : PTE_NONE;
	if (!pte_is_present(pte) || !pte_is_writable(pte)) {
		return STATUS_EAGAIN;
	}
	/*
	 * A writable entry of private memory is the frame's only one. Its count may be above 1 all
	 * the same, while the kernel uses the frame.
	 */
	grant->frame = pte_frame(pte);
	return STATUS_OK;
}

/* Caller holds both locks. The tables that it makes may stay. */
static status_t prepare(struct grant *grant)
{
	struct side *to = &grant->to;
	status_t status = as_is_moving(grant->from.as, grant->from.at.uva) ? STATUS_EFAULT
									   : from_prepare(grant);

	assert(lock_is_held(&grant->to.as->lock));
	if (status) {
		return status;
	}
	if (as_is_moving(to->as, to->at.uva) || !region_check(to)) {
		return STATUS_EINVAL;
	}
	return ptable_entry_create(to->as->root, to->at.uva, 1, &to->entry);
}

/* Flushes. Caller holds the lock. */
static void page_remove(const struct side *side)
{
	assert(lock_is_held(&side->as->lock));
	pte_grant(side->entry, PTE_NONE);
	side->as->nr_pages--;
	as_tlb_downgrade(&side->as->tlb, side->at, (uva_t){ side->at.uva + PAGE_SIZE });
}

/* Flushes if a frame was there, which is freed. Caller holds the lock. */
static void page_set(const struct side *side, pte_t new)
{
	pte_t old = pte_read(side->entry);

	assert(lock_is_held(&side->as->lock));
	if (!pte_holds_frame(old)) {
		pte_grant(side->entry, new);
		side->as->nr_pages++;
		return;
	}
	pte_grant(side->entry, PTE_NONE);
	as_tlb_downgrade(&side->as->tlb, side->at, (uva_t){ side->at.uva + PAGE_SIZE });
	pte_grant(side->entry, new);
	frame_put_user(pte_frame(old));
}

/* Flushes. Caller holds both locks. The frame keeps its owner and its one reference. */
static void commit(const struct grant *grant)
{
	assert(lock_is_held(&grant->to.as->lock));
	page_remove(&grant->from);
	page_set(&grant->to, as_pte(grant->frame, grant->to.region, false));
}

static bool is_same_page(const struct grant *grant)
{
	return grant->from.as == grant->to.as && grant->from.at.uva == grant->to.at.uva;
}

static status_t try_once(struct grant *grant)
{
	struct lock *from_lock = &grant->from.as->lock, *to_lock = &grant->to.as->lock;
	status_t status;

	lock_acquire_both(from_lock, to_lock);
	status = prepare(grant);
	if (status == STATUS_OK && !is_same_page(grant)) {
		commit(grant);
	}
	lock_release_both(from_lock, to_lock);
	return status;
}

status_t as_grant(struct as *from, uva_t from_at, struct as *to, uva_t to_at)
{
	struct grant grant = { .from = { .as = from, .at = from_at },
			       .to = { .as = to, .at = to_at } };
	status_t status = try_once(&grant);

	for (unsigned i = 0; status == STATUS_EAGAIN && i < TRIES_MAX; i++) {
		status = as_fault_now(from, from_at, RIGHT_WRITE);
		if (status == STATUS_OK) {
			status = try_once(&grant);
		}
	}
	return status == STATUS_EAGAIN ? STATUS_EFAULT : status;
}
