/*
 * With ptprot: descriptors of pools, member by member, and where bytes of pools may be written.
 * What stays of a pool and of an area, and where the next one begins.
 */
#include "gate_calls.h"
#include "ktest.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"
#include "mm/pool/pmalloc.h"
#include "mm/pool/pool.h"
#include "mm/tlb/tlb.h"

enum { OBJECT_BYTES = 64, LONG_PAGES = WINDOW_PAGES + 2 };

static enum gate_refusal written(uint64_t to, enum pool_write_kind kind, uint64_t value,
				 uint64_t len_bytes)
{
	return (enum gate_refusal)(
		gate_enter(to, value, (uint64_t)kind << 32 | len_bytes, 0, 0, GATE_POOL_WRITE) &
		GATE_REFUSAL);
}

static bool becomes(const void *at, const union pool_slot *value)
{
	return written((uint64_t)at, POOL_WRITE_COPY, (uint64_t)value, sizeof(*value)) == GATE_DONE;
}

/* With one member another. */
#define STAYS(slot, kind, member, value)                                                           \
	({                                                                                         \
		union pool_slot changed = *(slot);                                                 \
                                                                                                   \
		changed.kind.member = (value);                                                     \
		!becomes(slot, &changed);                                                          \
	})

static const union pool_slot *slot_of(slot_id id)
{
	return (const union pool_slot *)POOL_SLOTS_START + id;
}

/* Claimed, and protected. */
static void stay_pool(const union pool_slot *pool)
{
	union pool_slot named = *pool;

	named.pool.name[0] ^= 1;
	ktest_ok(STAYS(pool, pool, id, pool->pool.id + 1) && STAYS(pool, pool, mode, POOL_RO),
		 "a pool keeps its number and its mode");
	ktest_ok(STAYS(pool, pool, refill_bytes, 2 * PAGE_SIZE) &&
			 STAYS(pool, pool, align_bytes, 2 * pool->pool.align_bytes),
		 "and how its objects lie");
	ktest_ok(STAYS(pool, pool, is_protected, false) && STAYS(pool, pool, is_claimed, false),
		 "it is protected, and claimed, for good");
	ktest_ok(!becomes(pool, &named), "and keeps its name");
	ktest_ok(STAYS(pool, pool, first_area, 0) &&
			 STAYS(pool, pool, first_area, pool->pool.first_area + 1),
		 "its areas are its own");
	ktest_ok(STAYS(pool, header, kind, SLOT_AREA) && STAYS(pool, header, kind, SLOT_HEADER) &&
			 STAYS(pool, header, kind, SLOT_NONE),
		 "nor does it become something else");
}

static void stay_area(const union pool_slot *area)
{
	ktest_ok(STAYS(area, area, id, area->area.id + 1) &&
			 STAYS(area, area, next, area->area.id) &&
			 STAYS(area, area, base, area->area.base + PAGE_SIZE) &&
			 STAYS(area, area, len_bytes, area->area.len_bytes + PAGE_SIZE),
		 "an area keeps its number, its place, and what comes behind");
	ktest_ok(STAYS(area, header, kind, SLOT_POOL) && STAYS(area, header, kind, SLOT_NONE),
		 "nor does it become something else");
}

static void stay_header(const union pool_slot *header)
{
	uint32_t a_page = PAGE_SIZE / sizeof(union pool_slot);

	ktest_ok(STAYS(header, header, kind, SLOT_FREE) && STAYS(header, header, kind, SLOT_POOL),
		 "the header stays one");
	ktest_ok(STAYS(header, header, nr_slots, header->header.nr_slots + a_page) &&
			 STAYS(header, header, nr_slots, header->header.nr_slots - a_page) &&
			 STAYS(header, header, nr_slots, header->header.nr_slots + 1),
		 "it counts the descriptors that there are");
}

/* From one that is free. */
static void begin_pool(const union pool_slot *free, slot_id id, const union pool_slot *like)
{
	union pool_slot pool = *like;

	pool.pool.id = id;
	ktest_ok(!becomes(free, &pool), "no pool begins with an area");
	pool.pool.first_area = 0;
	pool.pool.id = like->pool.id;
	ktest_ok(!becomes(free, &pool), "or as another");
	pool.header.kind = SLOT_HEADER;
	ktest_ok(!becomes(free, &pool), "nor does a second header");
}

/* `right` might begin. */
static void begin_area(const union pool_slot *free, const union pool_slot *right)
{
	union pool_slot area = *right;

	area.area.id++;
	ktest_ok(!becomes(free, &area), "no area begins as another");
	area = *right;
	area.area.pool = area.area.id;
	ktest_ok(!becomes(free, &area), "nor without a pool");
	area = *right;
	area.area.len_bytes = 0;
	ktest_ok(!becomes(free, &area), "nor without a page");
	area.area.len_bytes = PAGE_SIZE / 2;
	ktest_ok(!becomes(free, &area), "nor with half of one");
	area = *right;
	area.area.is_complete = true;
	ktest_ok(!becomes(free, &area), "nor complete");
	area = *right;
	area.area.base = POOL_AREAS_END;
	ktest_ok(!becomes(free, &area), "nor behind all areas");
	area.area.base = POOL_AREAS_END - PAGE_SIZE;
	area.area.len_bytes = 2 * PAGE_SIZE;
	ktest_ok(!becomes(free, &area), "nor so that it ends there");
}

/* A pool's only one. It is unmapped, as before it goes. */
static void end_area(const struct pool *pool)
{
	const union pool_slot *area = slot_of(pool->first_area);
	union pool_slot free = { .free = { .kind = SLOT_FREE } };

	lock_acquire(&pool_lock);
	pool_area_unmap(pool->first_area);
	ktlb_wait(ktlb_downgrade());
	lock_release(&pool_lock);
	ktest_ok(!becomes(area, &free), "an area does not go while it is on its pool's list");
}

/* Of a pool that anybody may write to, longer than what is written at once. */
static void write_long(uint64_t base, uint64_t len_bytes)
{
	uint64_t end = base + PAGE_SIZE;

	ktest_ok(written(base + OBJECT_BYTES, POOL_WRITE_COPY, base, 0) == GATE_NO_FRAME,
		 "nothing is not written");
	ktest_ok(written(base, POOL_WRITE_SET, 0, (WINDOW_PAGES + 1) * PAGE_SIZE) ==
				 GATE_NO_FRAME &&
			 written(end - 1, POOL_WRITE_SET, 0, WINDOW_PAGES * PAGE_SIZE) ==
				 GATE_NO_FRAME,
		 "nor more pages than are shown");
	ktest_ok(written(base + len_bytes - 1, POOL_WRITE_SET, 0, 2) == GATE_NO_FRAME,
		 "nor what lies behind an area");
	ktest_ok(written(end - 8, POOL_WRITE_STORE, 0, 3) == GATE_NO_CHANGE &&
			 written(end - 8, (enum pool_write_kind)7, 0, 8) == GATE_NO_CHANGE,
		 "a store has a size, and a write a kind");
	ktest_ok(written(end - 4, POOL_WRITE_STORE, 0, 8) == GATE_NO_CHANGE &&
			 written(end - 12, POOL_WRITE_STORE, 0, 8) == GATE_NO_CHANGE,
		 "no store is of two pages, or of two words");
}

static const struct pool *pool_make(const char *name, size_t refill_bytes)
{
	const struct pool *pool;
	void *object;

	if (pmalloc_create_pool(name, POOL_WR, refill_bytes, 0, &pool) ||
	    pmalloc(pool, OBJECT_BYTES, &object) || pmalloc_protect_pool(pool)) {
		return NULL;
	}
	return pool;
}

/* Behind all others; no other begins there. */
static bool area_begins(const union pool_slot *free, const union pool_slot *area)
{
	struct pool_header header = *pool_header();

	header.next_address += 4 * PAGE_SIZE;
	pool_header_write(&header);
	return ktest_ok(becomes(free, area), "one begins as is right");
}

static void try_new(const struct pool *pool)
{
	const union pool_slot *own = (const union pool_slot *)pool, *free;
	union pool_slot area = { .area = { .kind = SLOT_AREA,
					   .pool = pool->id,
					   .next = pool->first_area,
					   .len_bytes = PAGE_SIZE } };

	lock_acquire(&pool_lock);
	if (pool_slot_take(&area.area.id) == STATUS_OK) {
		free = slot_of(area.area.id);
		area.area.base = pool_header()->next_address;
		begin_pool(free, area.area.id, own);
		begin_area(free, &area);
		if (area_begins(free, &area)) {
			stay_area(free);
		}
		pool_slot_give(area.area.id);
	}
	lock_release(&pool_lock);
}

KTEST_SUITE(gate_slots)
{
	const struct pool *claimed, *large;
	const struct pool_area *area;

	if (gate_in_force == ptprot_off || options.pmalloc == pmalloc_off ||
	    options.authority == authority_off) {
		ktest_skip("no gate, no pools, or no claims");
		return;
	}
	claimed = pool_make("claimed", PAGE_SIZE);
	large = pool_make("large", LONG_PAGES * PAGE_SIZE);
	if (!claimed || !large || pmalloc_claim_pool(claimed)) {
		ktest_skip("no memory for pools");
		return;
	}
	area = &slot_of(large->first_area)->area;
	stay_pool((const union pool_slot *)claimed);
	stay_area(slot_of(claimed->first_area));
	stay_header((const union pool_slot *)pool_header());
	try_new(claimed);
	write_long(area->base, area->len_bytes);
	end_area(large);
	ktest_ok(pmalloc_destroy_claimed_pool(claimed) == STATUS_OK &&
			 pmalloc_destroy_pool(large) == STATUS_OK,
		 "both are destroyed");
}
