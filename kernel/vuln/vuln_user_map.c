/* The kernel maps a frame into user memory by a number that nobody checked, as drivers' mmap calls
 * have done. */
#include "arch/x86_64/entry/uaccess.h"
#include "lib/assert.h"
#include "mm/as/as_pages.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"
#include "task/process/process.h"
#include "vuln/vuln.h"

/* Caller holds as->lock. Private, writable 4 KiB pages. */
static const struct region *region_check(struct as *as, uint64_t page)
{
	const struct region *region = page < USER_TOP ? region_find(as, page) : NULL;

	return region && region->rights & RIGHT_WRITE &&
			       !(region->flags & (REGION_SHARED | REGION_HUGE))
		       ? region
		       : NULL;
}

/* Flushes. Puts a frame behind the page for as long as a store takes. Caller holds as->lock. */
static void store_through(struct as *as, uint64_t page, pte_t *entry, pte_t borrowed,
			  uint64_t offset, uint64_t value)
{
	uva_t start = { page }, end = { page + PAGE_SIZE };
	pte_t own = pte_read(entry);

	assert(lock_is_held(&as->lock));
	pte_store(entry, PTE_NONE);
	as_tlb_downgrade(&as->tlb, start, end);
	pte_store(entry, borrowed);
	/* cannot fault: the entry is there, and writable */
	(void)uaccess.store_u64((void *)(page + offset), value);
	pte_store(entry, PTE_NONE);
	as_tlb_downgrade(&as->tlb, start, end);
	pte_store(entry, own);
}

/*
 * Caller holds as->lock. What the direct map does not have is nobody's to map either: hidden
 * frames, the kernel's constants, devices. EPERM.
 */
static status_t write_frame(struct as *as, uint64_t page, pfn_t frame, uint64_t offset,
			    uint64_t value)
{
	const struct region *region = region_check(as, page);
	pte_t *entry;
	status_t status;

	assert(lock_is_held(&as->lock));
	if (!region) {
		return STATUS_EINVAL;
	}
	if (policy_table[policy_state_of(frame)].direct_map == RIGHTS_ABSENT ||
	    gate_in_force != ptprot_off) {
		return STATUS_EPERM; /* the latter: the gate puts no frame there that is another's
				      */
	}
	status = ptable_entry_create(as->root, page, 1, &entry);
	if (status == STATUS_OK) {
		store_through(as, page, entry, pte_make(frame, region->entry_flags), offset, value);
	}
	return status;
}

int64_t sys_vuln_user_map_write(uint64_t page, uint64_t pfn, uint64_t offset, uint64_t value)
{
	struct as *as = process_current()->as;
	pfn_t frame = { (uint32_t)MIN(pfn, UINT32_MAX) };
	status_t status;

	if (!vuln_enter()) {
		return STATUS_ENOSYS;
	}
	if (offset > PAGE_SIZE - sizeof(value) || !pfn_is_valid(frame) ||
	    !is_aligned(page, PAGE_SIZE)) {
		return vuln_leave((uint64_t)STATUS_EINVAL);
	}
	lock_acquire(&as->lock);
	status = write_frame(as, page, frame, offset, value);
	lock_release(&as->lock);
	return vuln_leave((uint64_t)status);
}
