/* Page faults: demand zero and copy-on-write; and the paths that fill a page of an address space
 * that is being made. */
#include "lib/assert.h"
#include "mm/as/as_change.h"
#include "mm/as/as_pages.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/xpfo.h"
#include "mm/gate/gate.h"
#include "mm/gate/half/program.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

static inline status_t fill_small(struct as *as, const struct region *region, pte_t *entry)
{
	pfn_t frame;

	do {
		frame = frame_take_user();
		if (UNLIKELY(!frame.pfn)) {
			return STATUS_ENOMEM;
		}
	} while (UNLIKELY(!page_map(entry, as_pte(frame, region, false))));
	as->nr_pages++;
	return STATUS_OK;
}

/* A zeroed frame for an empty entry. */
static status_t fill_zero(struct as *as, const struct region *region, pte_t *entry)
{
	return region->flags & REGION_HUGE ? as_large_fill(as, region, entry)
					   : fill_small(as, region, entry);
}

/* What a write finds is the copy, which nobody else has. Flushes. */
static status_t page_copied(struct as *as, const struct region *region, uint64_t page, pte_t *entry)
{
	pte_t old = pte_read(entry);
	struct released released;
	pfn_t copy = frame_take_user();

	if (!copy.pfn) {
		return STATUS_ENOMEM;
	}
	if (ASSERTIONS) {
		upcall_entry_stricter(&entry->value, true);
	}
	(void)pages_park(entry, 1, page);
	as_tlb_downgrade(&as->tlb, (uva_t){ page }, (uva_t){ page + PAGE_SIZE });
	/* nobody writes to the old one: all entries for it are read-only */
	while (UNLIKELY(!page_replace(entry, as_pte(copy, region, false), &released))) {
		copy = frame_take_user();
		if (!copy.pfn) {
			/* consent goes with the page that it was for */
			pte_write(entry, pte_without(old, PTE_OFFERED | PTE_ACCEPTS));
			return STATUS_ENOMEM;
		}
	}
	frames_put_released(&released);
	return STATUS_OK;
}

/* A write to a page that a fork left shared: the last user takes it over, the others copy. Flushes.
 */
static status_t copy_on_write(struct as *as, const struct region *region, uint64_t page,
			      pte_t *entry)
{
	pfn_t old = pte_frame(pte_read(entry));

	/* only we could add a reference now, by a fork, and we hold the lock */
	if (__atomic_load_n(&frame_entry(old)->refs, __ATOMIC_ACQUIRE) == 1) {
		pte_write(entry, as_pte(old, region, false));
		as_tlb_upgrade(&as->tlb, (uva_t){ page });
		return STATUS_OK;
	}
	if (region->flags & REGION_HUGE) {
		return as_large_copy(as, region, page, entry);
	}
	return page_copied(as, region, page, entry);
}

/* Makes the page at an address usable with the wanted rights; what the region allows was checked.
 */
static status_t page_make_usable(struct as *as, const struct region *region, uint64_t address,
				 bool to_write, pte_t **entry)
{
	uint64_t page = align_down(address, region_page_bytes(region));
	status_t status = as_entry_create(as, page, region_level(region), entry);
	pte_t pte;

	if (status) {
		return status;
	}
	pte = pte_read(*entry);
	if (!pte_holds_frame(pte)) {
		return fill_zero(as, region, *entry);
	}
	if (to_write && pte.value & PTE_COPY) {
		return copy_on_write(as, region, page, *entry);
	}
	/* another thread was faster, or this CPU remembers less than the entry allows now */
	as_tlb_upgrade(&as->tlb, (uva_t){ page });
	return STATUS_OK;
}

status_t as_page_fill(struct as *as, const struct region *region, uint64_t page, pte_t **entry)
{
	status_t status = as_entry_create(as, page, region_level(region), entry);

	return status == STATUS_OK && !pte_holds_frame(pte_read(*entry))
		       ? fill_zero(as, region, *entry)
		       : status;
}

/* Caller holds the lock. */
static __attribute__((noinline)) status_t fault_in(struct as *as, uva_t at, unsigned wanted_rights)
{
	const struct region *region = region_find(as, at.uva);
	pte_t *entry;

	assert(lock_is_held(&as->lock));
	return region && region_permits(region, wanted_rights)
		       ? page_make_usable(as, region, at.uva, wanted_rights & RIGHT_WRITE, &entry)
		       : STATUS_EFAULT;
}

static bool is_large(struct as *as, uva_t at)
{
	const struct region *region = as->has_huge ? region_find(as, at.uva) : NULL;

	return region && region->flags & REGION_HUGE;
}

status_t as_fault_now(struct as *as, uva_t at, unsigned wanted_rights)
{
	status_t status;

	if (at.uva >= USER_TOP || UNLIKELY(!root_is_ours(as->root))) {
		return STATUS_EFAULT;
	}
	lock_acquire(&as->lock);
	status = is_large(as, at) || as_is_moving(as, at.uva) ? STATUS_EFAULT
							      : fault_in(as, at, wanted_rights);
	lock_release(&as->lock);
	return status;
}

/* May a fault be looked at while this change goes on? A page of 2 MiB would be one of its own. */
static bool can_answer(struct as *as, uva_t at)
{
	switch ((enum as_change)as->change) {
	case CHANGE_NONE: return true;
	case CHANGE_REGIONS: return !is_large(as, at);
	case CHANGE_MOVE: return !is_large(as, at) && !as_is_moving(as, at.uva);
	case CHANGE_FORK:
	case CHANGE_PAGE: break;
	}
	return false;
}

/* While a change goes on between two pieces. Caller holds the lock, which is free afterwards. */
static __attribute__((noinline)) status_t fault_during_change(struct as *as, uva_t at,
							      unsigned wanted_rights)
{
	assert(lock_is_held(&as->lock));
	for (;;) {
		status_t status = STATUS_EFAULT;
		bool later;

		if (can_answer(as, at)) {
			status = fault_in(as, at, wanted_rights);
		}
		/* at its end the answer may be another one */
		later = as->change != CHANGE_NONE && status == STATUS_EFAULT;
		lock_release(&as->lock);
		if (!later) {
			return status;
		}
		if (!as_change_wait(as)) {
			return STATUS_EINTR;
		}
		lock_acquire(&as->lock);
	}
}

/* The root is not loaded here, or somebody else has the lock. */
static __attribute__((noinline)) status_t fault_waiting(struct as *as, uva_t at,
							unsigned wanted_rights)
{
	if (at.uva >= USER_TOP || !root_is_ours(as->root)) {
		return STATUS_EFAULT;
	}
	lock_acquire(&as->lock);
	return fault_during_change(as, at, wanted_rights);
}

/* Mostly the first touch of a page whose neighbour was touched before. */
status_t as_fault(struct as *as, uva_t at, unsigned wanted_rights)
{
	const struct region *region;
	status_t status;
	pte_t *entry;

	if (UNLIKELY(as->root.pfn != current_here()->root || !lock_acquire_at_once(&as->lock))) {
		return fault_waiting(as, at, wanted_rights);
	}
	if (UNLIKELY(as->change != CHANGE_NONE)) {
		return fault_during_change(as, at, wanted_rights);
	}
	region = region_near(as, at.uva);
	entry = as->table + level_index(at.uva, 1);
	if (LIKELY(region && !(wanted_rights & region->denied) && as_is_near(as, at.uva) &&
		   !pte_holds_frame(pte_read(entry)))) {
		status = fill_small(as, region, entry);
	} else {
		status = fault_in(as, at, wanted_rights);
	}
	lock_release(&as->lock);
	return status;
}

/* A frame for an empty entry, all of which is about to be written: a page of a file, as a disk
 * would fill it. */
static status_t fill_for_device(struct as *as, const struct region *region, pte_t *entry)
{
	bool is_cleared = !xpfo_is_on() || !xpfo.clears_mapped;
	pfn_t frame;
	status_t status;

	if (LIKELY(is_cleared)) {
		return fill_zero(as, region, entry);
	}
	status = frame_alloc_user_for_device(&frame);
	if (status == STATUS_OK) {
		as->nr_pages += page_map(entry, as_pte(frame, region, false));
	}
	return status;
}

static status_t page_make_writable(struct as *as, const struct region *region, uint64_t page,
				   bool is_whole, pte_t **entry)
{
	status_t status;

	if (!is_whole) {
		return page_make_usable(as, region, page, true, entry);
	}
	status = as_entry_create(as, page, 1, entry);
	if (status == STATUS_OK && !pte_holds_frame(pte_read(*entry))) {
		return fill_for_device(as, region, *entry);
	}
	return status == STATUS_OK ? page_make_usable(as, region, page, true, entry) : status;
}

/* The entry of the first page of [start, end), which lies in one page table; pages are made if
 * missing. Caller holds the lock. */
static status_t pages_make(struct as *as, uint64_t start, uint64_t end, pte_t **first)
{
	uint64_t page = align_down(start, PAGE_SIZE);

	assert(lock_is_held(&as->lock));
	for (unsigned i = 0; page < end; i++, page += PAGE_SIZE) {
		const struct region *region = region_find(as, page);
		bool is_whole = page >= start && page + PAGE_SIZE <= end;
		status_t status;
		pte_t *entry;

		if (!region || region->flags & REGION_HUGE) {
			return STATUS_EFAULT;
		}
		status = page_make_writable(as, region, page, is_whole, &entry);
		if (status) {
			return status;
		}
		*first = entry - i;
	}
	return STATUS_OK;
}

static_assert((int)AS_WRITE_PAGES <= (int)RELEASED_MAX, "one call of the gate writes a piece");

static uint64_t write_size(uint64_t to, uint64_t len_bytes)
{
	uint64_t room = AS_WRITE_PAGES * PAGE_SIZE - to % PAGE_SIZE;
	uint64_t in_table = HUGE_SIZE - to % HUGE_SIZE;

	return MIN(MIN(len_bytes, room), in_table);
}

/* What a program's file has there the gate knows by itself. */
enum write_what { WRITE_BYTES, WRITE_PROGRAM };

static status_t write(struct as *as, uva_t to, const char *from, uint64_t len_bytes,
		      enum write_what what)
{
	status_t status = STATUS_OK;
	pte_t *first = NULL;

	if (to.uva >= USER_TOP || len_bytes > USER_TOP - to.uva) {
		return STATUS_EFAULT;
	}
	lock_acquire(&as->lock);
	while (len_bytes && status == STATUS_OK) {
		uint64_t size = write_size(to.uva, len_bytes);

		status = pages_make(as, to.uva, to.uva + size, &first);
		if (status == STATUS_OK && what == WRITE_PROGRAM) {
			program_load(as->root, first, to.uva, from, size);
		} else if (status == STATUS_OK) {
			pages_write(first, to.uva, from, size);
		}
		to.uva += size;
		from += size;
		len_bytes -= size;
		if (len_bytes && status == STATUS_OK && as_change_pause(as, CHANGE_REGIONS)) {
			status = STATUS_EINTR;
		}
	}
	as_change_end(as);
	return status;
}

status_t as_write(struct as *as, uva_t to, const void *from, uint64_t len_bytes)
{
	return write(as, to, from, len_bytes, WRITE_BYTES);
}

status_t as_load(struct as *as, const struct elf_segment *segment, const uint8_t *file)
{
	return write(as, segment->start, (const char *)file + segment->file_offset,
		     segment->file_len_bytes, WRITE_PROGRAM);
}

status_t as_lookup(struct as *as, uva_t at, pfn_t *out)
{
	unsigned level;
	pte_t pte;

	if (at.uva >= USER_TOP) {
		return STATUS_EFAULT;
	}
	lock_acquire(&as->lock);
	pte = ptable_lookup(as->root, at.uva, &level);
	lock_release(&as->lock);
	if (!pte_is_present(pte)) {
		return STATUS_EFAULT;
	}
	*out = pfn_add(pte_frame(pte),
		       (uint32_t)((at.uva & ((1ul << level_shift(level)) - 1)) >> PAGE_SHIFT));
	return STATUS_OK;
}
