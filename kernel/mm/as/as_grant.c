/* Checks first, then moves the frame. */
#include "mm/as/as_grant.h"

#include "lib/assert.h"
#include "mm/as/as_change.h"
#include "mm/as/as_pages.h"
#include "mm/frame/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

/* How often another thread may undo what the fault handler did. */
enum { TRIES_MAX = 8 };

/* One side of a grant. */
struct side {
	struct as *as;
	const struct region *region;
	uva_t at;
	pte_t *entry;
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

static bool is_writable(const struct side *side)
{
	pte_t pte = side->entry ? pte_read(side->entry) : PTE_NONE;

	return pte_is_present(pte) && pte_is_writable(pte);
}

/*
 * Caller holds the lock. EAGAIN: the page has to be made the giver's own first, or offered. That a
 * writable page of private memory has no other entry the gate asks as well. The kernel may use its
 * frame all the same.
 */
static status_t from_prepare(struct side *from)
{
	assert(lock_is_held(&from->as->lock));
	if (as_is_moving(from->as, from->at.uva) || !region_check(from)) {
		return STATUS_EFAULT;
	}
	from->entry = ptable_entry(from->as->root, from->at.uva, 1);
	return is_writable(from) && (root_is_ours(from->as->root) ||
				     pte_read(from->entry).value & PTE_OFFERED)
		       ? STATUS_OK
		       : STATUS_EAGAIN;
}

/*
 * Caller holds the lock. The tables that it makes may stay. Where the taker is not loaded, and the
 * page that it accepted is not there, it had no memory for one.
 */
static status_t to_prepare(struct side *to)
{
	assert(lock_is_held(&to->as->lock));
	if (as_is_moving(to->as, to->at.uva) || !region_check(to)) {
		return STATUS_EINVAL;
	}
	if (root_is_ours(to->as->root)) {
		return ptable_entry_create(to->as->root, to->at.uva, 1, &to->entry);
	}
	to->entry = ptable_entry(to->as->root, to->at.uva, 1);
	return to->entry && pte_read(to->entry).value & PTE_ACCEPTS ? STATUS_OK : STATUS_ENOMEM;
}

/* Flushes. Caller holds the lock. */
static void page_park(const struct side *side)
{
	assert(lock_is_held(&side->as->lock));
	if (ASSERTIONS && pte_is_present(pte_read(side->entry))) {
		upcall_entry_stricter(&side->entry->value, true);
	}
	(void)pages_park(side->entry, 1, side->at.uva);
	as_tlb_downgrade(&side->as->tlb, side->at, (uva_t){ side->at.uva + PAGE_SIZE });
}

/* Flushes. Caller holds both locks. The frame keeps its owner and its one reference. */
static status_t commit(struct side *from, struct side *to)
{
	bool was_there = pte_holds_frame(pte_read(to->entry));
	struct released released;

	assert(lock_is_held(&to->as->lock));
	page_park(from);
	if (was_there) {
		page_park(to);
	}
	if (!page_give(from->entry, to->entry, &released)) {
		return STATUS_EFAULT;
	}
	from->as->nr_pages--;
	to->as->nr_pages += !was_there;
	frames_put_released(&released);
	return STATUS_OK;
}

static bool is_same_page(const struct side *from, const struct side *to)
{
	return from->as == to->as && from->at.uva == to->at.uva;
}

static status_t try_once(struct side *from, struct side *to)
{
	status_t status;

	lock_acquire_both(&from->as->lock, &to->as->lock);
	status = from_prepare(from);
	if (status == STATUS_OK) {
		status = to_prepare(to);
	}
	if (status == STATUS_OK && !is_same_page(from, to)) {
		status = commit(from, to);
	}
	lock_release_both(&from->as->lock, &to->as->lock);
	return status;
}

status_t as_grant(struct as *from, uva_t from_at, struct as *to, uva_t to_at)
{
	struct side giver = { .as = from, .at = from_at }, taker = { .as = to, .at = to_at };
	status_t status = try_once(&giver, &taker);

	if (!root_is_ours(from->root)) {
		return status;
	}
	for (unsigned i = 0; status == STATUS_EAGAIN && i < TRIES_MAX; i++) {
		status = as_fault_now(from, from_at, RIGHT_WRITE);
		if (status == STATUS_OK) {
			status = try_once(&giver, &taker);
		}
	}
	return status == STATUS_EAGAIN ? STATUS_EFAULT : status;
}

/* EAGAIN: the page has to be made the address space's own first. */
static status_t consent_once(struct side *side, uint64_t how)
{
	status_t status = STATUS_EFAULT;

	lock_acquire(&side->as->lock);
	if (!as_is_moving(side->as, side->at.uva) && region_check(side)) {
		side->entry = ptable_entry(side->as->root, side->at.uva, 1);
		status = is_writable(side) ? STATUS_OK : STATUS_EAGAIN;
	}
	if (status == STATUS_OK && !page_consent(side->entry, how)) {
		status = STATUS_EFAULT;
	}
	lock_release(&side->as->lock);
	return status;
}

static status_t consent(struct as *as, uva_t at, uint64_t how)
{
	struct side side = { .as = as, .at = at };
	status_t status = root_is_ours(as->root) ? consent_once(&side, how) : STATUS_EFAULT;

	for (unsigned i = 0; status == STATUS_EAGAIN && i < TRIES_MAX; i++) {
		status = as_fault_now(as, at, RIGHT_WRITE);
		if (status == STATUS_OK) {
			status = consent_once(&side, how);
		}
	}
	return status == STATUS_EAGAIN ? STATUS_EFAULT : status;
}

static void consent_end(struct as *as, uva_t at, uint64_t how)
{
	pte_t *entry;

	if (at.uva >= USER_TOP || !root_is_ours(as->root)) {
		return;
	}
	lock_acquire(&as->lock);
	entry = ptable_entry(as->root, at.uva, 1);
	if (entry && pte_read(entry).value & how) {
		(void)!page_consent(entry, 0);
	}
	lock_release(&as->lock);
}

status_t as_offer(struct as *as, uva_t page) { return consent(as, page, PTE_OFFERED); }

void as_offer_end(struct as *as, uva_t page) { consent_end(as, page, PTE_OFFERED); }

status_t as_accept(struct as *as, uva_t place)
{
	return consent(as, place, PTE_ACCEPTS) == STATUS_ENOMEM ? STATUS_ENOMEM : STATUS_OK;
}

void as_accept_end(struct as *as, uva_t place) { consent_end(as, place, PTE_ACCEPTS); }
