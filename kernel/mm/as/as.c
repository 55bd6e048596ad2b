/* Address spaces: life. as_map.c has the calls that change regions. */
#include "mm/as/as.h"

#include "core/cpu.h"
#include "core/log.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as/as_change.h"
#include "mm/as/as_init.h"
#include "mm/as/as_pages.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/slab.h"
#include "mm/gate/gate.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

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
	as_table_forget(as);
	lock_init(&as->lock, "as", RANK_as);
	as_tlb_init(&as->tlb, pfn_to_pa(root));
	lock_acquire(&all_lock);
	list_push_back(&all, &as->all);
	lock_release(&all_lock);
	*out = as;
	return STATUS_OK;
}

status_t as_create_for(unsigned file, struct as **out)
{
	status_t status = as_create(out);

	if (status == STATUS_OK && !root_begin_program((*out)->root, file)) {
		as_put(*out);
		status = STATUS_EFAULT;
	}
	return status;
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

/* Where the last region ends that begins in the same page table as this one. */
static uint64_t neighbours_end(const struct as *as, const struct region **region)
{
	uint64_t table_end = align_down((*region)->start, HUGE_SIZE) + HUGE_SIZE;
	const struct region *next;

	while ((next = region_next(as, *region)) && next->start < table_end) {
		*region = next;
	}
	return (*region)->end;
}

/* From `at` on. Returns how far it came. */
static uint64_t piece_drop(struct as *as, uint64_t at, uint64_t end, uint64_t next, unsigned *work)
{
	struct emptied emptied;

	root_empty(as->root, at, end, next, &emptied);
	as->nr_pages -= (uint64_t)emptied.nr_pages << emptied.released.order;
	as_released_put(as, &emptied.released);
	for (unsigned i = 0; i < emptied.nr_tables; i++) {
		ptable_table_free(emptied.tables[i]);
	}
	*work += WORK_TABLE * (1 + emptied.nr_tables) + WORK_PAGE * emptied.nr_pages;
	*work += emptied.released.order ? (unsigned)WORK_MAX : 0;
	return MIN(emptied.next, end);
}

/* All pages, and, where there are no others, the tables that led to them. No CPU has it loaded;
 * what a TLB still holds belongs to a generation that is over. */
static void pages_drop_all(struct as *as, unsigned *work)
{
	uint64_t at = 0;

	as_tlb_downgrade(&as->tlb, (uva_t){ 0 }, (uva_t){ USER_TOP });
	LIST_FOR_EACH (node, &as->regions) {
		const struct region *region = LIST_ENTRY(node, struct region, node), *last = region;
		const struct region *next;
		uint64_t end, more;

		if (region->end <= at) {
			continue;
		}
		end = neighbours_end(as, &last);
		next = region_next(as, last);
		more = next ? next->start : UINT64_MAX;
		for (at = MAX(at, region->start); at < end; pause_after(as, work)) {
			at = piece_drop(as, at, end, as->has_stray_tables ? 0 : more, work);
		}
	}
	assert(as->nr_pages == 0);
}

/* All tables, when there may be some where no region is any more. */
static void stray_tables_free(struct as *as, unsigned *work)
{
	unsigned nr_left = WORK_MAX;

	while (as->has_stray_tables && !ptable_free_user(as->root, &nr_left)) {
		*work = WORK_MAX;
		pause_after(as, work);
		nr_left = WORK_MAX;
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

/* False: another processor runs it, or it is dying already: it is not what it should be. */
static bool begins_to_die(struct as *as)
{
	return root_is_new(as->root) || root_die(as->root) || gate_in_force == ptprot_off;
}

/* The last reference is ours, so nobody can take another. True: it is dying. */
static bool leave(struct as *as)
{
	bool is_last = __atomic_load_n(&as->users, __ATOMIC_ACQUIRE) == 1;
	bool is_dying = is_last && begins_to_die(as);

	as_switch(NULL);
	return is_dying;
}

/* On the list of all until nothing is left: the audit sees who maps what until then. */
void as_put(struct as *as)
{
	bool is_dying = as_tlb_is_in_use(&as->tlb) && leave(as);
	/* assertions make what the process has done until here a piece of its own */
	unsigned work = ASSERTIONS ? WORK_ENOUGH : 0;

	/* pairs with the same operation elsewhere: the last one sees all writes */
	if (__atomic_sub_fetch(&as->users, 1, __ATOMIC_ACQ_REL)) {
		return;
	}
	if (!is_dying && !begins_to_die(as)) {
		log_print("bulwark: an address space is lost: it has another's root, %#x\n",
			  as->root.pfn);
		return;
	}
	lock_acquire(&as->lock);
	as_table_forget(as);
	pause_after(as, &work);
	pages_drop_all(as, &work);
	stray_tables_free(as, &work);
	regions_free(as, &work);
	as_change_end(as);
	lock_acquire(&all_lock);
	list_remove(&as->all);
	lock_release(&all_lock);
	as_tlb_destroy(&as->tlb);
	ptable_root_destroy(as->root);
	slab_free(&as_cache, as);
}

void as_switch(struct as *as) { tlb_switch(as ? &as->tlb : NULL); }
