/* Pools: created, filled, sealed, claimed, destroyed. */
#include "mm/pool/pool.h"
#include "core/options.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/tlb/tlb.h"

enum { REFILL_DEFAULT = 16 * 1024 };
#define REFILL_MAX (64ul << 20)

RO_AFTER_INIT uint64_t pool_base = POOL_LOWEST;

struct lock pool_lock = LOCK_INIT("pmalloc", RANK_pmalloc);

/* A pointer that somebody handed us: a live pool's descriptor, or NULL. Caller holds the lock. */
static const struct pool *pool_check(const struct pool *pool)
{
	uint64_t offset = (uint64_t)pool - POOL_SLOTS_START;
	const union pool_slot *slot;

	assert(lock_is_held(&pool_lock));
	if (offset >= POOL_SLOTS_BYTES || offset % sizeof(union pool_slot)) {
		return NULL;
	}
	slot = pool_slot((slot_id)(offset / sizeof(union pool_slot)), SLOT_POOL);
	return slot ? &slot->pool : NULL;
}

static void pool_write(const struct pool *value)
{
	pool_slot_write(value->id, &(union pool_slot){ .pool = *value });
}

static void count_pools(int nr)
{
	struct pool_header header = *pool_header();

	header.nr_pools += (uint32_t)nr;
	pool_header_write(&header);
}

status_t pmalloc_create_pool(const char *name, enum pool_mode mode, size_t refill_bytes,
			     size_t align_bytes, const struct pool **out)
{
	struct pool pool = { .kind = SLOT_POOL, .mode = mode };
	status_t status;

	refill_bytes = align_up(refill_bytes ? refill_bytes : REFILL_DEFAULT, PAGE_SIZE);
	if ((unsigned)mode >= NR_POOL_MODES || refill_bytes - 1 >= REFILL_MAX ||
	    align_bytes > PAGE_SIZE || align_bytes & (align_bytes - 1)) {
		return STATUS_EINVAL;
	}
	pool.refill_bytes = (uint32_t)refill_bytes;
	pool.align_bytes = (uint32_t)MAX(align_bytes, (size_t)POOL_ALIGN_MIN);
	pool.is_read_only = mode == POOL_RO || mode == POOL_AUTO_RO;
	string_copy(pool.name, name, sizeof(pool.name));
	lock_acquire(&pool_lock);
	status = pool_slot_take(&pool.id);
	if (status == STATUS_OK) {
		pool_write(&pool);
		count_pools(1);
		*out = &pool_slot(pool.id, SLOT_POOL)->pool;
	}
	lock_release(&pool_lock);
	return status;
}

/* In one of the areas that there are. Caller holds the lock. */
static status_t alloc_existing(const struct pool *pool, size_t size_bytes, uint64_t *out)
{
	assert(lock_is_held(&pool_lock));
	for (slot_id id = pool->first_area; id;) {
		const struct pool_area *area = &pool_slot(id, SLOT_AREA)->area;

		if (pool_area_may_grow(pool, area) &&
		    pool_chunk_alloc(area, size_bytes, pool->align_bytes, out) == STATUS_OK) {
			return STATUS_OK;
		}
		id = area->next;
	}
	return STATUS_ENOMEM;
}

/* Caller holds the lock. Flushes in the modes that seal. */
static status_t area_add(const struct pool *pool, size_t size_bytes)
{
	size_t len_bytes =
		MAX(pool_area_bytes(size_bytes, pool->align_bytes), (size_t)pool->refill_bytes);
	struct pool changed = *pool;
	status_t status = pool_area_create(pool, len_bytes, &changed.first_area);

	assert(lock_is_held(&pool_lock));
	if (status) {
		return status;
	}
	if (pool->first_area && (pool->mode == POOL_AUTO_RO || pool->mode == POOL_AUTO_WR)) {
		pool_areas_seal(pool->first_area,
				pool_slot(pool->first_area, SLOT_AREA)->area.next);
	}
	pool_write(&changed);
	return STATUS_OK;
}

static status_t alloc(const struct pool *pool, size_t size_bytes, uint64_t *out)
{
	status_t status;

	if (!pool_check(pool)) {
		return STATUS_EINVAL;
	}
	if (pool->is_protected) {
		return STATUS_EPERM;
	}
	status = alloc_existing(pool, size_bytes, out);
	if (status) {
		status = area_add(pool, size_bytes);
		if (status == STATUS_OK) {
			status = alloc_existing(pool, size_bytes, out);
		}
	}
	return status;
}

status_t pmalloc(const struct pool *pool, size_t size_bytes, void **out)
{
	uint64_t object;
	status_t status;

	if (!size_bytes) {
		return STATUS_EINVAL;
	}
	if (size_bytes > POOL_OBJECT_MAX) {
		return STATUS_ERANGE;
	}
	lock_acquire(&pool_lock);
	status = alloc(pool, size_bytes, &object);
	lock_release(&pool_lock);
	if (status == STATUS_OK) {
		*out = (void *)object;
	}
	return status;
}

status_t pzalloc(const struct pool *pool, size_t size_bytes, void **out)
{
	return pmalloc(pool, size_bytes, out);
}

status_t pmalloc_array(const struct pool *pool, size_t nr, size_t size_bytes, void **out)
{
	size_t total_bytes;

	if (__builtin_mul_overflow(nr, size_bytes, &total_bytes)) {
		return STATUS_ERANGE;
	}
	return pmalloc(pool, total_bytes, out);
}

status_t pstrdup(const struct pool *pool, const char *text, const char **out)
{
	size_t size_bytes = strlen(text) + 1;
	void *copy;
	status_t status = pmalloc(pool, size_bytes, &copy);

	if (status) {
		return status;
	}
	if (pool->mode == POOL_START_WR) {
		status = wr_memcpy(copy, text, size_bytes);
	} else {
		memcpy(copy, text, size_bytes);
	}
	if (status == STATUS_OK) {
		*out = copy;
	}
	return status;
}

/* Caller holds the lock. */
static status_t free_object(const struct pool *pool, uint64_t object)
{
	const struct pool_area *area = pool_area_at(object);

	assert(lock_is_held(&pool_lock));
	if (!pool_check(pool)) {
		return STATUS_EINVAL;
	}
	if (!area || area->pool != pool->id) {
		return STATUS_EFAULT;
	}
	if (pool->is_protected || !pool_area_may_grow(pool, area)) {
		return STATUS_EPERM;
	}
	return pool_chunk_free(area, object);
}

status_t pfree(const struct pool *pool, const void *object)
{
	status_t status;

	if (!object) {
		return STATUS_OK;
	}
	lock_acquire(&pool_lock);
	status = free_object(pool, (uint64_t)object);
	lock_release(&pool_lock);
	return status;
}

/* Caller holds the lock. One generation for all areas, and for the direct map's entries that their
 * frames had. Flushes. */
static void seal(const struct pool *pool)
{
	assert(lock_is_held(&pool_lock));
	pool_areas_seal(pool->first_area, 0);
}

/* `may_change`: there is something left to do. Caller holds the lock. */
static status_t protect(const struct pool *pool, bool is_read_only, bool may_change)
{
	struct pool changed;

	assert(lock_is_held(&pool_lock));
	if (!pool_check(pool)) {
		return STATUS_EINVAL;
	}
	if (!may_change) {
		return STATUS_EPERM;
	}
	changed = *pool;
	changed.is_protected = true;
	changed.is_read_only = is_read_only;
	/* with pmalloc=off it goes on as if nobody had asked, but for what it says of itself */
	pool_write(&changed);
	seal(pool);
	return STATUS_OK;
}

status_t pmalloc_protect_pool(const struct pool *pool)
{
	status_t status;

	lock_acquire(&pool_lock);
	status = pool_check(pool) ? protect(pool, pool->is_read_only, !pool->is_protected)
				  : STATUS_EINVAL;
	lock_release(&pool_lock);
	return status;
}

/* Caller holds the lock. Its owner asks otherwise: who asks was led to it. */
static bool is_kept(const struct pool *pool)
{
	assert(lock_is_held(&pool_lock));
	return pool->is_claimed && options.authority == authority_on;
}

status_t pmalloc_make_pool_ro(const struct pool *pool)
{
	status_t status;

	lock_acquire(&pool_lock);
	status = pool_check(pool) ? protect(pool, true, !pool->is_read_only && !is_kept(pool))
				  : STATUS_EINVAL;
	lock_release(&pool_lock);
	return status;
}

status_t pmalloc_claim_pool(const struct pool *pool)
{
	status_t status = STATUS_EINVAL;
	struct pool changed;

	lock_acquire(&pool_lock);
	if (pool_check(pool)) {
		changed = *pool;
		changed.is_claimed = true;
		status = pool->is_claimed ? STATUS_EPERM : STATUS_OK;
		pool_write(&changed);
	}
	lock_release(&pool_lock);
	return status;
}

/* Caller holds the lock. Flushes. */
static void destroy(const struct pool *pool)
{
	struct pool changed = *pool;

	assert(lock_is_held(&pool_lock));
	for (slot_id id = changed.first_area; id; id = pool_slot(id, SLOT_AREA)->area.next) {
		pool_area_unmap(id);
	}
	ktlb_wait(ktlb_downgrade());
	while (changed.first_area) {
		slot_id first = changed.first_area;

		changed.first_area = pool_slot(first, SLOT_AREA)->area.next;
		pool_write(&changed);
		pool_area_free(first);
	}
	pool_slot_give(pool->id);
	count_pools(-1);
}

status_t pmalloc_destroy_pool(const struct pool *pool)
{
	status_t status = STATUS_EINVAL;

	lock_acquire(&pool_lock);
	if (pool_check(pool)) {
		status = is_kept(pool) ? STATUS_EPERM : STATUS_OK;
	}
	if (status == STATUS_OK) {
		destroy(pool);
	}
	lock_release(&pool_lock);
	return status;
}

status_t pmalloc_destroy_claimed_pool(const struct pool *pool)
{
	status_t status = STATUS_EINVAL;

	lock_acquire(&pool_lock);
	if (pool_check(pool)) {
		status = pool->is_claimed ? STATUS_OK : STATUS_EPERM;
	}
	if (status == STATUS_OK) {
		destroy(pool);
	}
	lock_release(&pool_lock);
	return status;
}

void pool_stats_read(struct pool_stats *out)
{
	lock_acquire(&pool_lock);
	*out = (struct pool_stats){
		.nr_pools = pool_header()->nr_pools,
		.nr_areas = pool_header()->nr_areas,
		.nr_pages = pool_header()->nr_area_pages,
		.nr_meta_pages = pool_header()->nr_slots * sizeof(union pool_slot) / PAGE_SIZE,
	};
	lock_release(&pool_lock);
}
