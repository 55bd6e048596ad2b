/* The auditor sees where protected memory is not protected, though page tables, frames and pools
 * agree. */
#include "audit_plant.h"
#include "core/options.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_history.h"
#include "mm/pool/pool.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/tlb/tlb.h"
#include "task/process/boot_archive.h"

static slot_id area_of(const void *object)
{
	slot_id id;

	lock_acquire(&pool_lock);
	id = pool_area_at((uint64_t)object)->id;
	lock_release(&pool_lock);
	return id;
}

/* In every book: the area's descriptor, the frame, its history, its alias. */
static void area_toggle_sealed(slot_id id, pfn_t frame)
{
	union pool_slot *slot = (union pool_slot *)(uint64_t)pool_slot(id, SLOT_AREA);

	FORCE(slot->area.is_sealed = !slot->area.is_sealed);
	FORCE(frame_entry(frame)->flags ^= FRAME_SEALED);
	frame_history_forge(frame, (enum owner)frame_entry(frame)->owner,
			    frame_entry(frame)->flags);
	if (options.pmalloc == pmalloc_roalias) {
		(slot->area.is_sealed ? direct_map_protect : direct_map_unprotect)(frame);
		ktlb_wait(ktlb_downgrade());
	}
}

/* The pool of the options has one page. */
static void plant_in_pool(const void *object)
{
	pte_t *entry = ptable_entry(kernel_root, (uint64_t)object, 1);
	pte_t pte = pte_read(entry);
	slot_id id = area_of(object);

	plant(entry, PTE_NONE, "protected memory, options: nothing is mapped",
	      "a page of a protected pool that is mapped nowhere");
	if (options.pmalloc != pmalloc_off) {
		area_toggle_sealed(id, pte_frame(pte));
		plant(entry, pte_with(pte, PTE_WRITABLE), "protected memory, options: frame",
		      "a protected pool that is open in every book");
		area_toggle_sealed(id, pte_frame(pte));
	}
}

/* A pool that calls itself as a protected one does. */
static void plant_unclaimed(void)
{
	const struct pool *pool;
	void *object;

	if (pmalloc_create_pool("options", POOL_RO, PAGE_SIZE, 0, &pool) ||
	    pmalloc(pool, sizeof(uint64_t), &object) || pmalloc_protect_pool(pool)) {
		ktest_skip("no memory for a pool");
		return;
	}
	expect_violation("protected memory, options: pool", "a protected pool that nobody claimed");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK, "which can be destroyed");
}

/* In every book, it is memory of the kernel's like any other. */
static void archive_toggle_sealed(pfn_t frame, bool is_sealed)
{
	if (is_sealed) {
		direct_map_hide(frame, 1);
	}
	FORCE(frame_entry(frame)->flags ^= FRAME_HIDDEN | FRAME_SEALED);
	if (!is_sealed) {
		direct_map_reveal(frame, 1);
	}
	frame_history_forge(frame, (enum owner)frame_entry(frame)->owner,
			    frame_entry(frame)->flags);
	ktlb_wait(ktlb_downgrade());
}

static void plant_in_archive(void)
{
	const void *data;
	pte_t *entry, pte;

	ktest_diag("%zu bytes", boot_archive_bytes(&data));
	entry = ptable_entry(kernel_root, (uint64_t)data, 1);
	pte = pte_read(entry);
	archive_toggle_sealed(pte_frame(pte), false);
	plant(entry, pte_with(pte, PTE_WRITABLE), "protected memory, archive_data: frame",
	      "the boot archive that is open in every book");
	archive_toggle_sealed(pte_frame(pte), true);
}

extern char boot_info_kept[]; /* linker.ld: read by a restart alone */

KTEST_SUITE(audit_protected)
{
	expect_clean("before");
	plant(ptable_entry(kernel_root, (uint64_t)boot_info_kept, 1), PTE_NONE,
	      "protected memory, rodata: nothing is mapped",
	      "constants of the image that are not there");
	plant_in_pool(options.cmd);
	plant_unclaimed();
	if (options.authority == authority_on) {
		plant_in_archive();
	}
	expect_clean("afterwards");
}
