/* The pages of pools: mapped at their one place, written through the private window. */
#include "core/options.h"
#include "lib/assert.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/pool/pool.h"
#include "mm/sanitizer/marks.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"

static_assert((int)WR_PAGES_MAX == (int)WINDOW_PAGES, "a write-rare opens the window once");

/* The page tables for a range. ENOMEM. */
static status_t tables_make(uint64_t address, unsigned nr)
{
	status_t status = STATUS_OK;
	pte_t *entry;

	for (unsigned i = 0; i < nr && status == STATUS_OK; i++) {
		status = ptable_entry_create(kernel_root, address + i * (uint64_t)PAGE_SIZE, 1,
					     &entry);
	}
	return status;
}

/* Those of one table. pmalloc=roalias: the alias is read-only, too, as set_memory_ro makes it on
 * x86.
 */
static bool run_close(uint64_t address, unsigned nr)
{
	pte_t *entries = ptable_entry(kernel_root, address, 1);

	for (unsigned i = 0; i < nr && options.pmalloc == pmalloc_roalias; i++) {
		direct_map_protect(pte_frame(pte_read(&entries[i])));
	}
	if (!pool_pages_seal(entries, nr)) {
		return false;
	}
	for (unsigned i = 0; i < nr; i++) {
		pfn_t frame = pte_frame(pte_read(&entries[i]));

		frame_history_note(frame, OWNER_POOL, frame_entry(frame)->flags);
	}
	return true;
}

bool pool_pages_close(uint64_t address, unsigned nr)
{
	bool is_done = true;

	for (unsigned done = 0, run; done < nr; done += run) {
		uint64_t at = address + done * (uint64_t)PAGE_SIZE;

		run = MIN(MIN(nr - done, (unsigned)RELEASED_MAX),
			  PTES_PER_TABLE - level_index(at, 1));
		is_done &= run_close(at, run);
	}
	return is_done;
}

status_t pool_pages_map(uint64_t address, slot_id area, uint32_t page, unsigned nr,
			enum pool_rights rights)
{
	bool is_sealed = rights == POOL_PAGE_SEALED && options.pmalloc != pmalloc_off;
	enum pool_alias alias =
		options.pmalloc == pmalloc_full ? POOL_ALIAS_NONE : POOL_ALIAS_STAYS;
	uint64_t flags = PTE_PRESENT | ptable_nx() | (is_sealed ? 0 : PTE_WRITABLE);
	pfn_t taken[WINDOW_PAGES];
	status_t status = tables_make(address, nr);

	if (status == STATUS_OK) {
		status = marks_cover(address, address + nr * (uint64_t)PAGE_SIZE);
	}
	if (status == STATUS_OK) {
		status = frames_alloc_pool(alias, taken, nr);
	}
	for (unsigned i = 0; i < nr && status == STATUS_OK; i++) {
		frames_number(taken[i], 1, area);
		frame_link(taken[i])->prev = page + i;
		pte_write(ptable_entry(kernel_root, address + i * (uint64_t)PAGE_SIZE, 1),
			  pte_make(taken[i], flags));
	}
	while (status == STATUS_OK && is_sealed && !pool_pages_close(address, nr)) {
		ktlb_wait(ktlb_downgrade());
	}
	if (status == STATUS_OK && is_sealed && options.pmalloc == pmalloc_roalias) {
		ktlb_wait(ktlb_downgrade());
	}
	return status;
}

/* Is that the frame of the area's page at the address? Then *out is it. */
static inline bool is_page_of(slot_id area, uint64_t address, pfn_t shown, pfn_t *out)
{
	uint64_t base = area ? pool_slot(area, SLOT_AREA)->area.base : POOL_SLOTS_START;
	const struct frame *frame;

	if (!pfn_is_valid(shown)) {
		return false;
	}
	*out = shown;
	frame = frame_entry(shown);
	return frame->owner == OWNER_POOL && frame->number == area &&
	       frame_link(shown)->prev == (address - base) >> PAGE_SHIFT;
}

bool pool_frame(slot_id area, uint64_t address, pfn_t *out)
{
	const pte_t *entry = ptable_entry(kernel_root, address, 1);

	return is_page_of(area, address, entry ? pte_frame(pte_read(entry)) : PFN_NONE, out);
}

bool pool_frame_unmapped(slot_id area, uint64_t address, pfn_t *out)
{
	const pte_t *entry = ptable_entry(kernel_root, address, 1);

	return is_page_of(area, address,
			  entry ? pte_frame(pte_complement(pte_read(entry))) : PFN_NONE, out);
}

/* All frames of [to, to + len_bytes). ERANGE: they do not fit into one window. */
static status_t frames_at(slot_id area, uint64_t to, size_t len_bytes, pfn_t *out, unsigned *nr)
{
	uint64_t page = align_down(to, PAGE_SIZE);

	*nr = 0;
	if (to % PAGE_SIZE + len_bytes > (uint64_t)WINDOW_PAGES * PAGE_SIZE) {
		return STATUS_ERANGE;
	}
	for (; page < to + len_bytes; page += PAGE_SIZE) {
		if (!pool_frame(area, page, &out[*nr])) {
			return STATUS_EFAULT;
		}
		++*nr;
	}
	return STATUS_OK;
}

static void write_open(const pfn_t *targets, unsigned nr, uint64_t to,
		       const struct pool_write *what)
{
	switch (what->kind) {
	case POOL_WRITE_COPY:
		window_write(targets, nr, to % PAGE_SIZE, (const void *)what->value,
			     what->len_bytes);
		break;
	case POOL_WRITE_SET:
		window_set(targets, nr, to % PAGE_SIZE, (int)what->value, what->len_bytes);
		break;
	case POOL_WRITE_STORE:
		window_store(targets[0], to % PAGE_SIZE, what->value, what->len_bytes);
		break;
	}
}

/* With ptprot the gate finds the frames once more, itself. */
static status_t write(slot_id area, uint64_t to, struct pool_write what)
{
	pfn_t targets[WINDOW_PAGES];
	unsigned nr;
	status_t status = frames_at(area, to, what.len_bytes, targets, &nr);

	if (status) {
		return status;
	}
	if (gate_in_force == ptprot_off) {
		write_open(targets, nr, to, &what);
		return STATUS_OK;
	}
	what.pool = area ? pool_slot(area, SLOT_AREA)->area.pool : 0;
	return pool_bytes_write(to, &what) ? STATUS_OK : STATUS_EFAULT;
}

status_t pool_store(slot_id area, uint64_t to, uint64_t value, unsigned size_bytes)
{
	return write(area, to,
		     (struct pool_write){
			     .kind = POOL_WRITE_STORE, .len_bytes = size_bytes, .value = value });
}

status_t pool_copy(slot_id area, uint64_t to, const void *from, size_t len_bytes)
{
	return write(area, to,
		     (struct pool_write){ .kind = POOL_WRITE_COPY,
					  .len_bytes = (uint32_t)len_bytes,
					  .value = (uint64_t)from });
}

status_t pool_set(slot_id area, uint64_t to, int byte, size_t len_bytes)
{
	return write(area, to,
		     (struct pool_write){ .kind = POOL_WRITE_SET,
					  .len_bytes = (uint32_t)len_bytes,
					  .value = (uint64_t)(unsigned)byte });
}
