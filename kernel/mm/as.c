/* Address spaces: life, and the calls that change regions. */
#include "mm/as.h"

#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as_init.h"
#include "mm/as_pages.h"
#include "mm/direct_map.h"
#include "mm/frame_alloc.h"
#include "mm/layout.h"
#include "mm/ptable.h"
#include "mm/slab.h"

/* mmap looks for room below this; the stack and its guard lie above. */
#define MMAP_TOP (USER_TOP - (64ul << 20))
enum { RIGHTS_ALL = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE };

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

/* Frees all page tables: those below the regions, or, when there may be others, whatever there is.
 */
static void tables_free(struct as *as)
{
	if (as->has_stray_tables) {
		ptable_free_user(as->root);
		return;
	}
	for (unsigned level = 2; level <= LEVEL_MAX; level++) {
		LIST_FOR_EACH (node, &as->regions) {
			const struct region *region = LIST_ENTRY(node, struct region, node);

			ptable_free_below(as->root, region->start, region->end, level);
		}
	}
}

void as_put(struct as *as)
{
	/* pairs with the same operation elsewhere: the last one sees all writes */
	if (__atomic_sub_fetch(&as->users, 1, __ATOMIC_ACQ_REL)) {
		return;
	}
	lock_acquire(&all_lock);
	list_remove(&as->all);
	lock_release(&all_lock);
	lock_acquire(&as->lock);
	LIST_FOR_EACH (node, &as->regions) {
		struct region *region = LIST_ENTRY(node, struct region, node);

		as_pages_drop(as, region, region->start, region->end);
	}
	assert(as->nr_pages == 0);
	tables_free(as);
	LIST_FOR_EACH (node, &as->regions) {
		region_delete(as, LIST_ENTRY(node, struct region, node));
	}
	region_spares_drop(as);
	lock_release(&as->lock);
	as_tlb_destroy(&as->tlb);
	ptable_root_destroy(as->root);
	slab_free(&as_cache, as);
}

void as_switch(struct as *as) { tlb_switch(as ? &as->tlb : NULL); }

/* Both ends are inside the user half and aligned for every region that they touch. */
static status_t range_check(uint64_t at, uint64_t len_bytes, uint64_t *end)
{
	if (!is_aligned(at, PAGE_SIZE) || !len_bytes || len_bytes > USER_TOP) {
		return STATUS_EINVAL;
	}
	*end = at + align_up(len_bytes, PAGE_SIZE);
	return at >= USER_MIN && *end <= USER_TOP && *end > at ? STATUS_OK : STATUS_EINVAL;
}

static bool cuts_huge_page(struct as *as, uint64_t at)
{
	const struct region *region = as->has_huge ? region_find(as, at) : NULL;

	return region && region->flags & REGION_HUGE && !is_aligned(at, HUGE_SIZE);
}

/* Removes all regions and pages of [start, end). Caller holds the lock and filled the spares. */
static void range_clear(struct as *as, uint64_t start, uint64_t end)
{
	struct region *region = region_cut(as, start), *next;

	for (; region && region->start < end; region = next) {
		if (region->end > end) {
			(void)region_cut(as, end);
		}
		as_pages_drop(as, region, region->start, region->end);
		next = region_next(as, region);
		region_delete(as, region);
	}
	as->has_stray_tables = true;
}

/* May a region be here, with the others left alone? */
static bool place_fits(uint64_t at, uint64_t len_bytes, uint64_t align)
{
	uint64_t end;

	return is_aligned(at, align) && range_check(at, len_bytes, &end) == STATUS_OK;
}

/* Exactly here: MAP_FIXED and its like. Caller holds the lock. */
static status_t place_check(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes,
			    uint64_t align)
{
	if (!place_fits(at, len_bytes, align)) {
		return STATUS_EINVAL;
	}
	if (how == AS_MAP_FIXED_NOREPLACE) {
		return region_range_is_free(as, at, at + len_bytes) ? STATUS_OK : STATUS_EEXIST;
	}
	return cuts_huge_page(as, at) || cuts_huge_page(as, at + len_bytes) ? STATUS_EINVAL
									    : STATUS_OK;
}

/* Where the new region goes. *at: where it is wanted. Caller holds the lock. */
static status_t place_choose(struct as *as, enum as_map_how how, uint64_t *at, uint64_t len_bytes,
			     uint64_t align)
{
	if (how == AS_MAP_FIXED || how == AS_MAP_FIXED_NOREPLACE) {
		return place_check(as, how, *at, len_bytes, align);
	}
	if (how == AS_MAP_HINT && place_fits(*at, len_bytes, align) &&
	    region_range_is_free(as, *at, *at + len_bytes)) {
		return STATUS_OK;
	}
	*at = region_find_gap(as, len_bytes, align, MMAP_TOP);
	return *at ? STATUS_OK : STATUS_ENOMEM;
}

status_t as_map(struct as *as, enum as_map_how how, uint64_t at, uint64_t len_bytes,
		unsigned rights, unsigned region_flags, uva_t *out)
{
	uint64_t align = region_flags & REGION_HUGE ? HUGE_SIZE : PAGE_SIZE;
	status_t status;

	if (!len_bytes || len_bytes > USER_TOP || rights & ~RIGHTS_ALL) {
		return len_bytes > USER_TOP ? STATUS_ENOMEM : STATUS_EINVAL;
	}
	len_bytes = align_up(len_bytes, align);
	lock_acquire(&as->lock);
	status = region_spares_fill(as, how == AS_MAP_FIXED ? 3 : 1);
	if (status == STATUS_OK) {
		status = place_choose(as, how, &at, len_bytes, align);
	}
	if (status == STATUS_OK && !region_has_room(as, at, at + len_bytes, 1)) {
		status = STATUS_ENOMEM;
	}
	if (status == STATUS_OK) {
		if (how == AS_MAP_FIXED) {
			range_clear(as, at, at + len_bytes);
		}
		region_add(as, at, at + len_bytes, rights, region_flags);
		if (region_flags & REGION_HUGE) {
			as->has_huge = true;
			as_tables_drop(as, at, at + len_bytes);
		}
	}
	lock_release(&as->lock);
	if (status == STATUS_OK) {
		out->uva = at;
	}
	return status;
}

/* May [start, end) change? Caller holds the lock. After this the change cannot fail. */
static status_t change_prepare(struct as *as, uint64_t start, uint64_t end)
{
	if (cuts_huge_page(as, start) || cuts_huge_page(as, end)) {
		return STATUS_EINVAL;
	}
	return region_has_room(as, start, end, 0) ? region_spares_fill(as, 2) : STATUS_ENOMEM;
}

status_t as_unmap(struct as *as, uva_t at, uint64_t len_bytes)
{
	uint64_t end;
	status_t status = range_check(at.uva, len_bytes, &end);

	if (status) {
		return status;
	}
	lock_acquire(&as->lock);
	status = change_prepare(as, at.uva, end);
	if (status == STATUS_OK) {
		range_clear(as, at.uva, end);
	}
	lock_release(&as->lock);
	return status;
}

/* Every byte of [start, end) is in a region. Caller holds the lock. */
static bool is_covered(struct as *as, uint64_t start, uint64_t end)
{
	const struct region *region = region_find(as, start);

	while (region && region->start <= start && region->end < end) {
		start = region->end;
		region = region_next(as, region);
	}
	return region && region->start <= start;
}

status_t as_protect(struct as *as, uva_t at, uint64_t len_bytes, unsigned rights)
{
	uint64_t end;
	status_t status;

	if (!len_bytes && is_aligned(at.uva, PAGE_SIZE)) {
		return STATUS_OK;
	}
	status = range_check(at.uva, len_bytes, &end);
	if (status || rights & ~RIGHTS_ALL) {
		return STATUS_EINVAL;
	}
	lock_acquire(&as->lock);
	status = change_prepare(as, at.uva, end);
	if (status == STATUS_OK && !is_covered(as, at.uva, end)) {
		status = STATUS_ENOMEM;
	}
	if (status == STATUS_OK) {
		(void)region_cut(as, at.uva);
		(void)region_cut(as, end);
		LIST_FOR_EACH (node, &as->regions) {
			struct region *region = LIST_ENTRY(node, struct region, node);

			if (region->start >= at.uva && region->end <= end) {
				region_set_rights(region, rights, region->flags);
				as_pages_protect(as, region, region->start, region->end);
			}
		}
		region_join(as, at.uva, end);
	}
	lock_release(&as->lock);
	return status;
}

status_t as_discard(struct as *as, uva_t at, uint64_t len_bytes)
{
	uint64_t end;
	const struct region *region;
	status_t status = len_bytes ? range_check(at.uva, len_bytes, &end) : STATUS_OK;

	if (status || !len_bytes) {
		return status;
	}
	lock_acquire(&as->lock);
	if (cuts_huge_page(as, at.uva) || cuts_huge_page(as, end)) {
		status = STATUS_EINVAL;
	}
	region = region_first_above(as, at.uva);
	for (uint64_t from = at.uva; status == STATUS_OK && from < end;
	     region = region_next(as, region)) {
		if (!region || region->start > from) {
			status = STATUS_ENOMEM;
			break;
		}
		/* shared memory keeps its contents: others may still use it */
		if (!(region->flags & REGION_SHARED)) {
			as_pages_drop(as, region, from, MIN(region->end, end));
		}
		from = region->end;
	}
	lock_release(&as->lock);
	return status;
}
