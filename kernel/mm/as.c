/* Address spaces: life. as_map.c has the calls that change regions. */
#include "mm/as.h"

#include "core/cpu.h"
#include "core/log.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as_change.h"
#include "mm/as_init.h"
#include "mm/as_pages.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/gate/gate.h"
#include "mm/layout.h"
#include "mm/ptable.h"
#include "mm/slab.h"

static struct slab_cache as_cache;
static struct lock all_lock = LOCK_INIT("address spaces", RANK_as_list);
/* Guarded by all_lock. */
static struct list all = LIST_INIT(all);

void as_init(void)
{
	slab_cache_init(&as_cache, "as", sizeof(struct as));
	region_init();
}

void as_for_each(void (*visit)(struct as *, void *), void *argument)
{
	lock_acquire(&all_lock);
	LIST_FOR_EACH (node, &all) {
		visit(LIST_ENTRY(node, struct as, all), argument);
	}
	lock_release(&all_lock);
}

status_t as_create(struct as **out)
{
	struct as *as;
	pfn_t root;
	status_t status = slab_alloc(&as_cache, (void **)&as);

	if (status) {
		return status;
	}
	status = ptable_root_create(&root);
	if (status) {
		slab_free(&as_cache, as);
		return status;
	}
	as->root = root;
	as->users = 1;
	list_init(&as->regions);
	as->near = &as->regions;
	lock_init(&as->lock, "as", RANK_as);
	as_tlb_init(&as->tlb, pfn_to_pa(root));
	lock_acquire(&all_lock);
	list_push_back(&all, &as->all);
	lock_release(&all_lock);
	*out = as;
	return STATUS_OK;
}

void as_get(struct as *as) { __atomic_fetch_add(&as->users, 1, __ATOMIC_RELAXED); }

/* Ends a piece when enough of it is done. Nobody else knows the address space any more, and what
 * has begun to go must go. */
static void pause_after(struct as *as, unsigned *work)
{
	if (*work >= WORK_ENOUGH) {
		(void)as_change_pause(as, CHANGE_REGIONS);
		*work = 0;
	}
}

static void pages_drop_all(struct as *as, unsigned *work)
{
	struct released released;

	LIST_FOR_EACH (node, &as->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node);

		for (uint64_t at = region->start; at < region->end; pause_after(as, work)) {
			at = as_pages_drop(as, region, at, region->end, &released, work);
			as_released_put(as, &released);
		}
	}
	assert(as->nr_pages == 0);
}

/* Frees all page tables: those below the regions, or, when there may be others, whatever there is.
 */
static void tables_free(struct as *as, unsigned *work)
{
	unsigned nr_left = WORK_MAX;

	as->table = NULL;
	while (as->has_stray_tables && !ptable_free_user(as->root, &nr_left)) {
		*work = WORK_MAX;
		pause_after(as, work);
		nr_left = WORK_MAX;
	}
	for (unsigned level = 2; level <= LEVEL_MAX && !as->has_stray_tables; level++) {
		LIST_FOR_EACH (node, &as->regions) {
			const struct region *region = LIST_ENTRY(node, struct region, node);

			for (uint64_t at = region->start; at < region->end; pause_after(as, work)) {
				nr_left = WORK_MAX;
				at = ptable_free_below(as->root, at, region->end, level, &nr_left);
				*work += WORK_REGION / 32 + WORK_MAX - nr_left;
			}
		}
	}
}

static void regions_free(struct as *as, unsigned *work)
{
	LIST_FOR_EACH (node, &as->regions) {
		region_delete(as, LIST_ENTRY(node, struct region, node));
		*work += region_work(as);
		pause_after(as, work);
	}
	region_spares_drop(as);
}

/* One that was loaded once dies while it is loaded: who takes a root apart had it. */
static bool begins_to_die(struct as *as)
{
	struct as_tlb *loaded = this_cpu()->tlb.as;
	bool is_dying = root_is_new(as->root);

	if (!is_dying) {
		as_switch(as);
		is_dying = root_die(as->root) || gate_in_force == ptprot_off;
		tlb_switch(loaded);
	}
	return is_dying;
}

/* On the list of all until nothing is left: the audit sees who maps what until then. */
void as_put(struct as *as)
{
	unsigned work = 0;

	/* pairs with the same operation elsewhere: the last one sees all writes */
	if (__atomic_sub_fetch(&as->users, 1, __ATOMIC_ACQ_REL)) {
		return;
	}
	if (!begins_to_die(as)) {
		log_print("bulwark: an address space is lost: it has another's root, %#x\n",
			  as->root.pfn);
		return;
	}
	lock_acquire(&as->lock);
	pages_drop_all(as, &work);
	tables_free(as, &work);
	regions_free(as, &work);
	as_change_end(as);
	lock_acquire(&all_lock);
	list_remove(&as->all);
	lock_release(&all_lock);
	as_tlb_destroy(&as->tlb);
	ptable_root_destroy(as->root);
	slab_free(&as_cache, as);
}

void as_switch(struct as *as)
{
	if (as && UNLIKELY(root_is_new(as->root))) {
		/* another's stays new: nothing can be mapped in it */
		(void)!root_publish(as->root);
	}
	tlb_switch(as ? &as->tlb : NULL);
}
