/* Write-rare: object checks, then the private window. */
#include "core/options.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/frame.h"
#include "mm/pool/pool.h"

/* Caller holds the lock. The area and the pool that an address lies in. */
static bool area_and_pool(uint64_t address, const struct pool_area **area, const struct pool **pool)
{
	const union pool_slot *slot;

	assert(lock_is_held(&pool_lock));
	*area = pool_area_at(address);
	if (!*area) {
		return false;
	}
	slot = pool_slot((*area)->pool, SLOT_POOL);
	*pool = slot ? &slot->pool : NULL;
	return slot;
}

/*
 * [to, to + len_bytes) lies in one object that may be written, one of `owner` unless that is NULL.
 * Caller holds the lock.
 */
static status_t target_check(const struct pool *owner, uint64_t to, size_t len_bytes, slot_id *out)
{
	const struct pool_area *area;
	const struct pool *pool;
	uint64_t start;
	size_t size_bytes;

	assert(lock_is_held(&pool_lock));
	if (!area_and_pool(to, &area, &pool) || (owner && pool != owner)) {
		return STATUS_EFAULT;
	}
	if (pool->is_read_only || (pool->is_claimed && !owner)) {
		return STATUS_EPERM;
	}
	if (!pool_chunk_find(area, to, &start, &size_bytes)) {
		return STATUS_EFAULT;
	}
	if (len_bytes > size_bytes - (to - start)) {
		return STATUS_ERANGE;
	}
	*out = area->id;
	return STATUS_OK;
}

/* One store can do it. */
static bool is_storable(uint64_t to, size_t len_bytes)
{
	return len_bytes && len_bytes <= sizeof(uint64_t) && !(len_bytes & (len_bytes - 1)) &&
	       is_aligned(to, len_bytes);
}

status_t wr_memcpy_in(const struct pool *pool, const void *to, const void *from, size_t len_bytes)
{
	slot_id area;
	status_t status;

	if (is_storable((uint64_t)to, len_bytes)) {
		uint64_t value = 0;

		memcpy(&value, from, len_bytes);
		return wr_store_in(pool, to, value, (unsigned)len_bytes);
	}
	if (options.pmalloc == pmalloc_off) {
		memcpy((void *)(uint64_t)to, from, len_bytes);
		return STATUS_OK;
	}
	lock_acquire(&pool_lock);
	status = target_check(pool, (uint64_t)to, len_bytes, &area);
	if (status == STATUS_OK) {
		status = pool_copy(area, (uint64_t)to, from, len_bytes);
	}
	lock_release(&pool_lock);
	return status;
}

status_t wr_memcpy(const void *to, const void *from, size_t len_bytes)
{
	return wr_memcpy_in(NULL, to, from, len_bytes);
}

status_t wr_memset(const void *to, int byte, size_t len_bytes)
{
	slot_id area;
	status_t status;

	if (options.pmalloc == pmalloc_off) {
		memset((void *)(uint64_t)to, byte, len_bytes);
		return STATUS_OK;
	}
	lock_acquire(&pool_lock);
	status = target_check(NULL, (uint64_t)to, len_bytes, &area);
	if (status == STATUS_OK) {
		status = pool_set(area, (uint64_t)to, byte, len_bytes);
	}
	lock_release(&pool_lock);
	return status;
}

static void store_plainly(uint64_t to, uint64_t value, unsigned size_bytes)
{
	switch (size_bytes) {
	case 1: *(volatile uint8_t *)to = (uint8_t)value; break;
	case 2: *(volatile uint16_t *)to = (uint16_t)value; break;
	case 4: *(volatile uint32_t *)to = (uint32_t)value; break;
	default: *(volatile uint64_t *)to = value;
	}
}

status_t wr_store_in(const struct pool *pool, const void *to, uint64_t value, unsigned size_bytes)
{
	slot_id area;
	status_t status;

	if (!is_storable((uint64_t)to, size_bytes)) {
		return STATUS_EINVAL;
	}
	if (options.pmalloc == pmalloc_off) {
		store_plainly((uint64_t)to, value, size_bytes);
		return STATUS_OK;
	}
	lock_acquire(&pool_lock);
	status = target_check(pool, (uint64_t)to, size_bytes, &area);
	if (status == STATUS_OK) {
		status = pool_store(area, (uint64_t)to, value, size_bytes);
	}
	lock_release(&pool_lock);
	return status;
}

status_t wr_store(const void *to, uint64_t value, unsigned size_bytes)
{
	return wr_store_in(NULL, to, value, size_bytes);
}

bool pool_object_at(uint64_t address, struct pool_object *out)
{
	const struct pool_area *area;
	const struct pool *pool;
	bool found;

	lock_acquire(&pool_lock);
	found = area_and_pool(address, &area, &pool) &&
		pool_chunk_find(area, address, &out->start, &out->size_bytes);
	if (found) {
		out->is_sealed = area->is_sealed;
		out->is_read_only = pool->is_read_only;
		string_copy(out->pool, pool->name, sizeof(out->pool));
	}
	lock_release(&pool_lock);
	return found;
}

bool pool_has_page(uint64_t address, pfn_t frame)
{
	slot_id id = frame_entry(frame)->number;
	bool is_sealed;
	pfn_t found;

	if ((id && !pool_slot(id, SLOT_AREA)) || !pool_frame(id, address, &found) ||
	    found.pfn != frame.pfn) {
		return false;
	}
	is_sealed = id ? pool_slot(id, SLOT_AREA)->area.is_sealed : options.pmalloc != pmalloc_off;
	return is_sealed == !!(frame_entry(frame)->flags & FRAME_SEALED);
}

const struct pool *pool_of(const void *object)
{
	const struct pool_area *area;
	const struct pool *pool;
	uint64_t start;
	size_t size_bytes;

	lock_acquire(&pool_lock);
	if (!area_and_pool((uint64_t)object, &area, &pool) ||
	    !pool_chunk_find(area, (uint64_t)object, &start, &size_bytes) ||
	    start != (uint64_t)object) {
		pool = NULL;
	}
	lock_release(&pool_lock);
	return pool;
}
