/* With ptprot: writes to pools that nothing in the kernel asks for. The gate finds whose memory
 * that is, and what it may become. */
#include "ktest.h"
#include "mm/gate/operations.h"
#include "mm/pool/pmalloc.h"
#include "mm/pool/pool.h"

enum { OBJECT_BYTES = 64 };

/* Of up to 8 bytes, for a pool: the number of its descriptor. */
static bool store_refused(const void *to, slot_id pool)
{
	return gate_enter((uint64_t)to, 1, (uint64_t)POOL_WRITE_STORE << 32 | 8, 0, pool,
			  GATE_POOL_WRITE) &
	       GATE_REFUSAL;
}

static bool copy_refused(const void *to, const void *from, uint64_t len_bytes)
{
	return gate_enter((uint64_t)to, (uint64_t)from, (uint64_t)POOL_WRITE_COPY << 32 | len_bytes,
			  0, 0, GATE_POOL_WRITE) &
	       GATE_REFUSAL;
}

static bool is_made(const char *name, enum pool_mode mode, const struct pool **pool, void **object)
{
	return pmalloc_create_pool(name, mode, PAGE_SIZE, 0, pool) == STATUS_OK &&
	       pmalloc(*pool, OBJECT_BYTES, object) == STATUS_OK &&
	       pmalloc_protect_pool(*pool) == STATUS_OK;
}

static void write_objects(const struct pool *fixed, const void *sealed, const struct pool *owned,
			  const void *object)
{
	ktest_ok(store_refused(sealed, 0) && store_refused(sealed, fixed->id),
		 "an object of a read-only pool is not written");
	ktest_ok(store_refused(object, 0) && store_refused(object, fixed->id),
		 "nor one of a claimed pool for another");
	ktest_ok(!store_refused(object, owned->id), "one is for its own");
	ktest_ok(store_refused(frames, 0) && store_refused(&frames, 0) && store_refused(NULL, 0),
		 "nor is what is no pool's");
}

static bool slot_refused(const void *at, const union pool_slot *value)
{
	return copy_refused(at, value, sizeof(*value));
}

static void write_pool(const struct pool *fixed, const struct pool *owned)
{
	const union pool_slot *own = (const union pool_slot *)fixed;
	union pool_slot slot = *own;

	slot.pool.is_read_only = false;
	ktest_ok(slot_refused(own, &slot), "a read-only pool stays one");
	*(uint8_t *)&slot.pool.is_read_only = 2;
	ktest_ok(slot_refused(own, &slot), "what is neither true nor false is neither");
	slot = *own;
	slot.pool.first_area = owned->first_area;
	ktest_ok(slot_refused(own, &slot), "no pool gets another's area");
	slot.pool.first_area = 0;
	ktest_ok(slot_refused(own, &slot), "nor forgets its own");
	slot = *own;
	slot.free.kind = SLOT_FREE;
	ktest_ok(slot_refused(own, &slot), "nor goes while it has one");
	ktest_ok(store_refused(own, 0) && copy_refused(own, own, sizeof(slot) / 2) &&
			 slot_refused((const char *)own + 8, own),
		 "no descriptor is written in part");
	slot = *pool_slot(0, SLOT_HEADER);
	slot.header.nr_slots *= 2;
	ktest_ok(slot_refused(pool_header(), &slot), "there are as many descriptors as are mapped");
}

static void write_area(const struct pool *fixed, const struct pool *owned)
{
	const union pool_slot *area = pool_slot(fixed->first_area, SLOT_AREA);
	union pool_slot slot = *area;

	slot.area.pool = owned->id;
	ktest_ok(slot_refused(area, &slot), "an area stays its pool's");
	slot = *area;
	slot.area.is_complete = false;
	ktest_ok(slot_refused(area, &slot), "and complete");
	slot = *area;
	slot.area.is_sealed = false;
	ktest_ok(slot_refused(area, &slot), "and sealed");
	slot.free.kind = SLOT_FREE;
	ktest_ok(slot_refused(area, &slot), "and does not go while it is mapped");
}

/* The life of an area that never gets a page: of nobody's list, and its addresses are gone. The
 * pool may get another. */
static void write_new_area(const struct pool *pool)
{
	struct pool_header header = *pool_header();
	slot_id id = header.first_free;
	const union pool_slot *place = (const union pool_slot *)POOL_SLOTS_START + id;
	const union pool_slot *own = (const union pool_slot *)pool;
	union pool_slot before = *place, pools = *own;
	union pool_slot area = { .area = { .kind = SLOT_AREA,
					   .id = id,
					   .pool = pool->id,
					   .next = pool->first_area,
					   .base = header.next_address,
					   .len_bytes = PAGE_SIZE } };
	union pool_slot other = area;

	if (!id) {
		ktest_skip("no descriptor is free");
		return;
	}
	other.area.base = pool_slot(pool->first_area, SLOT_AREA)->area.base;
	ktest_ok(slot_refused(place, &other), "no area begins where another lies");
	lock_acquire(&pool_lock);
	header.next_address += 2 * PAGE_SIZE;
	pool_header_write(&header);
	ktest_ok(!slot_refused(place, &area), "one begins behind all others");
	pools.pool.first_area = id;
	ktest_ok(slot_refused(own, &pools), "and is on no list before it has its pages");
	other = area;
	other.area.is_complete = true;
	ktest_ok(slot_refused(place, &other), "nor complete");
	other = area;
	other.area.is_sealed = true;
	ktest_ok(slot_refused(place, &other), "nor sealed");
	ktest_ok(!slot_refused(place, &before), "it goes");
	ktest_ok(slot_refused(place, &area), "and none begins there again");
	lock_release(&pool_lock);
}

KTEST_SUITE(gate_writes)
{
	const struct pool *fixed, *owned, *open;
	void *sealed, *object, *unused;

	if (gate_in_force == ptprot_off || options.pmalloc == pmalloc_off ||
	    options.authority == authority_off) {
		ktest_skip("no gate, no pools, or no claims");
		return;
	}
	if (!is_made("fixed", POOL_RO, &fixed, &sealed) ||
	    !is_made("owned", POOL_WR, &owned, &object) || pmalloc_claim_pool(owned) ||
	    pmalloc_create_pool("open", POOL_WR, PAGE_SIZE, 0, &open) ||
	    pmalloc(open, OBJECT_BYTES, &unused)) {
		ktest_skip("no memory for pools");
		return;
	}
	write_objects(fixed, sealed, owned, object);
	write_pool(fixed, owned);
	write_area(fixed, owned);
	write_new_area(open);
	ktest_ok(pmalloc_destroy_pool(fixed) == STATUS_OK &&
			 pmalloc_destroy_pool(open) == STATUS_OK &&
			 pmalloc_destroy_claimed_pool(owned) == STATUS_OK,
		 "all are destroyed");
}
