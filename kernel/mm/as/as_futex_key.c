/* Looks words of user memory up. */
#include "mm/as/as_futex_key.h"

#include "lib/assert.h"
#include "mm/as/as_pages.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

/* Caller holds as->lock. */
static status_t frame_find(const struct as *as, uva_t at, pfn_t *frame)
{
	unsigned level;
	pte_t pte = ptable_lookup(as->root, at.uva, &level);

	assert(lock_is_held(&as->lock));
	if (!pte_is_present(pte)) {
		return STATUS_EFAULT;
	}
	*frame = pfn_add(pte_frame(pte),
			 (uint32_t)((at.uva & ((1ul << level_shift(level)) - 1)) >> PAGE_SHIFT));
	return STATUS_OK;
}

status_t as_futex_key(struct as *as, uva_t at, enum futex_sharing *sharing, pfn_t *frame)
{
	const struct region *region;
	status_t status = STATUS_OK;

	if (at.uva >= USER_TOP) {
		return STATUS_EFAULT;
	}
	lock_acquire(&as->lock);
	region = region_find(as, at.uva);
	if (!region || !region->rights) {
		status = STATUS_EFAULT;
	} else if (region->flags & REGION_SHARED) {
		*sharing = FUTEX_SHARED;
		status = frame_find(as, at, frame) ? STATUS_EAGAIN : STATUS_OK;
	} else {
		*sharing = FUTEX_PRIVATE;
	}
	lock_release(&as->lock);
	return status;
}

status_t as_futex_key_fill(struct as *as, uva_t at, enum futex_sharing *sharing, pfn_t *frame)
{
	status_t status = as_futex_key(as, at, sharing, frame);

	if (status == STATUS_EAGAIN) {
		status = as_fault(as, at, RIGHT_READ);
		if (status == STATUS_OK) {
			status = as_futex_key(as, at, sharing, frame);
		}
	}
	return status == STATUS_EAGAIN ? STATUS_EFAULT : status;
}
