/* The auditor sees what is wrong with the pages of pools. */
#include "audit_plant.h"
#include "core/cpu.h"
#include "core/options.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_history.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/entry_area.h"
#include "mm/table/ptable.h"

static void expect_sealed(uint64_t nr_more, uint64_t before)
{
	audit_run(&audit_result);
	ktest_ok(audit_result.nr_sealed == before + nr_more,
		 "the audit counts %lu sealed frames more", nr_more);
}

/* The frame, its history and its alias say that it is open where they said sealed, or the reverse.
 */
static void toggle_sealed(pfn_t frame)
{
	FORCE(frame_entry(frame)->flags ^= FRAME_SEALED);
	frame_history_forge(frame, (enum owner)frame_entry(frame)->owner,
			    frame_entry(frame)->flags);
	if (options.pmalloc == pmalloc_roalias) {
		(frame_entry(frame)->flags & FRAME_SEALED ? direct_map_protect
							  : direct_map_unprotect)(frame);
	}
}

/* With the mapping they agree that the pool is open, or sealed; the pool says otherwise. */
static void plant_unsealed(pte_t *entry, const char *words)
{
	pfn_t frame = pte_frame(pte_read(entry));

	toggle_sealed(frame);
	plant(entry, (pte_t){ pte_read(entry).value ^ PTE_WRITABLE }, words,
	      "a pool's page that is sealed, or not, against the pool");
	toggle_sealed(frame);
}

/* The first page of a pool with one object; sealed unless the option says otherwise. */
static void plant_in_pool(pte_t *entry, pte_t *other, const char *state)
{
	pte_t pte = pte_read(entry);
	pfn_t frame = pte_frame(pte);
	bool is_hidden = options.pmalloc == pmalloc_full;

	if (options.pmalloc != pmalloc_off) {
		plant(entry, pte_with(pte, PTE_WRITABLE), state, "a sealed page that is writable");
	}
	plant(entry, pte_without(pte, PTE_NO_EXECUTE), "in the pools", "code in a pool");
	plant_unsealed(entry, "is not the page of a pool at");
	plant(other, pte, "is not the page of a pool at", "a pool's frame at another address");
	entry_force(entry, pte_read(other));
	plant(other, pte, "is not the page of a pool at", "two pools' frames, each in the other's");
	entry_force(entry, pte);
	plant(entry, pte_make(kernel_root, PTE_PRESENT | PTE_NO_EXECUTE),
	      "is mapped R in the pools", "a page table in a pool");
	plant(ptable_entry(kernel_root, (uint64_t)this_cpu()->entry + CPU_SEALED_OFFSET, 1),
	      pte_without(pte, PTE_WRITABLE), "which shows another frame than its own",
	      "a pool's frame where struct cpu_sealed is");
	plant(ptable_entry(kernel_root,
			   entry_area_part_end(this_cpu()->id, PART_DF_HANDLER) - PAGE_SIZE, 1),
	      pte_without(pte, PTE_WRITABLE), "is mapped R in the entry area",
	      "a pool's frame in a part of the entry area that is another's");
	plant(entry, pte_without(pte, PTE_PRESENT), "is neither empty nor a mapping",
	      "an entry that is not present and keeps the frame's number");
	plant(entry, pte_with(pte_without(pte, PTE_PRESENT), PTE_PARKED),
	      "is not present and names a frame", "a parked entry outside the user half");
	plant(entry, PTE_NONE, "is mapped in no pool", "a pool's frame that is mapped nowhere");
	PLANT(frame_entry(frame)->flags, frame_entry(frame)->flags ^ FRAME_HIDDEN,
	      is_hidden ? "is hidden, or not, against the option" : "in the direct map",
	      "a pool's frame that is hidden, or not");
	plant_direct(frame, is_hidden ? pte_make(frame, PTE_PRESENT | PTE_NO_EXECUTE) : PTE_NONE,
		     is_hidden ? "is mapped R in the direct map" : "must be in it",
		     is_hidden ? "a pool's frame in the direct map"
			       : "a pool's frame missing from the direct map");
}

KTEST_SUITE(audit_pools)
{
	const struct pool *pool, *other;
	uint64_t nr_sealed;
	void *object, *second;

	expect_clean("before");
	nr_sealed = audit_result.nr_sealed;
	if (pmalloc_create_pool("audit", POOL_RO, 2 * PAGE_SIZE, PAGE_SIZE, &pool) ||
	    pmalloc(pool, PAGE_SIZE, &object) ||
	    pmalloc_create_pool("audit too", POOL_RO, 0, 0, &other) || pmalloc(other, 1, &second)) {
		ktest_skip("no memory for pools");
		return;
	}
	/* it will stand for struct cpu_sealed while the audit opens the window */
	memcpy(object, (const void *)((uint64_t)this_cpu()->entry + CPU_SEALED_OFFSET), PAGE_SIZE);
	expect_clean("with open pools");
	expect_sealed(0, nr_sealed);
	ktest_ok(pmalloc_protect_pool(pool) == STATUS_OK &&
			 pmalloc_protect_pool(other) == STATUS_OK,
		 "pools are sealed");
	expect_clean("with sealed pools");
	expect_sealed(options.pmalloc == pmalloc_off ? 0 : 7, nr_sealed);
	plant_in_pool(ptable_entry(kernel_root, (uint64_t)object, 1),
		      ptable_entry(kernel_root, (uint64_t)second, 1),
		      options.pmalloc == pmalloc_full ? "POOL_SEALED, is mapped RW in the pools"
		      : options.pmalloc == pmalloc_roalias
			      ? "ROALIAS_SEALED, is mapped RW in the pools"
			      : "PLAIN_SEALED, is mapped RW in the pools");
	ktest_ok(pmalloc_destroy_pool(pool) == STATUS_OK &&
			 pmalloc_destroy_pool(other) == STATUS_OK,
		 "pools are destroyed");
	expect_clean("afterwards");
	expect_sealed(0, nr_sealed);
}
