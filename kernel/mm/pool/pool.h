/*
 * What the files of pmalloc share; no one else's.
 *
 *   pool_base   guard | descriptors, 64 bytes each, always sealed | ... | areas, guards between
 *
 * Invariants, while the lock is free: an area's descriptor names its pool and is on that pool's
 * list; every page of an area is mapped, read-only if the area is sealed; the frame of page i says
 * (next, prev) = (number of the area's descriptor, i). Frame table entries are ordinary kernel
 * memory, so what they say is only believed once the sealed descriptor confirms it.
 */
#pragma once

#include "core/lock.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/layout.h"

#define POOL_SLOTS_START (pool_base + PAGE_SIZE)
#define POOL_SLOTS_BYTES (16ul << 20)
#define POOL_AREAS_START (pool_base + (32ul << 20))
#define POOL_AREAS_END (pool_base + POOL_SIZE - PAGE_SIZE)

enum slot_kind { SLOT_NONE, SLOT_HEADER, SLOT_FREE, SLOT_POOL, SLOT_AREA };
/* Number of a descriptor; 0 is the header's, and stands for none. */
typedef uint32_t slot_id;

struct pool_header {
	enum slot_kind kind;
	slot_id first_free;
	uint32_t nr_slots;
	uint32_t nr_pools, nr_areas;
	uint64_t nr_area_pages;
	uint64_t next_address; /* where the search for a new area begins */
};

struct pool {
	enum slot_kind kind;
	slot_id id;
	slot_id first_area; /* the newest */
	enum pool_mode mode;
	uint32_t refill_bytes, align_bytes;
	bool is_protected;
	bool is_read_only; /* wr_* refuse */
	bool is_claimed;   /* wr_* that do not name the pool refuse */
	char name[POOL_NAME_BYTES];
};

struct pool_area {
	enum slot_kind kind;
	slot_id id;
	slot_id pool;
	slot_id next; /* the one made before */
	uint64_t base;
	uint32_t len_bytes;
	bool is_sealed;
	bool is_complete; /* has all its pages: no other comes there */
};

union pool_slot {
	struct pool_header header;
	struct {
		enum slot_kind kind;
		slot_id next_free;
	} free;
	struct pool pool;
	struct pool_area area;
	char bytes[POOL_DESCRIPTOR_BYTES];
};
static_assert(sizeof(union pool_slot) == POOL_DESCRIPTOR_BYTES, "descriptors do not cross pages");

/* pool.c; all below: caller holds it. */
extern struct lock pool_lock;

/* ---- pool_meta.c: descriptors ---- */

const struct pool_header *pool_header(void);
/* The descriptor of that number if it is of that kind, else NULL. */
const union pool_slot *pool_slot(slot_id id, enum slot_kind kind);
/* ENOMEM. Flushes when a page is added. */
status_t pool_slot_take(slot_id *out) MUST_CHECK;
void pool_slot_give(slot_id id);
/* Whole descriptors, through the window. */
void pool_slot_write(slot_id id, const union pool_slot *value);
void pool_header_write(const struct pool_header *value);

/* ---- pool_store.c: the only writes to sealed pages ---- */

/* Pages in a row are read-only; true: and sealed, and their aliases as pmalloc= says. False: that
 * waits for a downgrade. */
bool pool_pages_close(uint64_t address, unsigned nr) MUST_CHECK;

/*
 * Maps up to WINDOW_PAGES fresh, zeroed frames from an address of the region on, as the pages of a
 * descriptor's area from `page` on. With pmalloc=full they are on no TLB elsewhere. ENOMEM: none.
 */
enum pool_rights { POOL_PAGE_OPEN, POOL_PAGE_SEALED };
status_t pool_pages_map(uint64_t address, slot_id area, uint32_t page, unsigned nr,
			enum pool_rights rights) MUST_CHECK;
/* Through the window; WINDOW_PAGES at most. On failure not a byte is written. EFAULT: a page is not
 * that area's; ERANGE: more pages than that. */
status_t pool_store(slot_id area, uint64_t to, uint64_t value, unsigned size_bytes) MUST_CHECK;
status_t pool_copy(slot_id area, uint64_t to, const void *from, size_t len_bytes) MUST_CHECK;
status_t pool_set(slot_id area, uint64_t to, int byte, size_t len_bytes) MUST_CHECK;
/* The frame behind a page of an area. False: the page is not that area's. */
bool pool_frame(slot_id area, uint64_t address, pfn_t *out);
/* The same of a page that pool_area_unmap took away. */
bool pool_frame_unmapped(slot_id area, uint64_t address, pfn_t *out);

/* ---- pool_area.c ---- */

/* On no list yet, its pages open or sealed, all zero. ENOMEM. */
status_t pool_area_create(const struct pool *pool, size_t len_bytes, slot_id *out) MUST_CHECK;
/* The areas from one on, up to another of the list or 0: one generation for all, and for the direct
 * map's entries that their frames had. Flushes. */
void pool_areas_seal(slot_id first, slot_id end);
/* First a downgrade, which the caller completes; then scrubs and frees. Flushes. */
void pool_area_unmap(slot_id id);
void pool_area_free(slot_id id);
/* The area that holds an address; NULL. */
const struct pool_area *pool_area_at(uint64_t address);

/* ---- pool_chunk.c: objects within one area ---- */

/* How long an area must be to hold one object. */
size_t pool_area_bytes(size_t size_bytes, size_t align_bytes);
/* ENOMEM: no room here, or it cannot be noted. */
status_t pool_chunk_alloc(const struct pool_area *area, size_t size_bytes, size_t align_bytes,
			  uint64_t *out) MUST_CHECK;
/* EFAULT: no object starts there, or it cannot be scrubbed: it stays. */
status_t pool_chunk_free(const struct pool_area *area, uint64_t object) MUST_CHECK;
/* The object that holds an address. False: none does. */
bool pool_chunk_find(const struct pool_area *area, uint64_t address, uint64_t *start,
		     size_t *size_bytes);

static inline bool pool_area_may_grow(const struct pool *pool, const struct pool_area *area)
{
	return !area->is_sealed || pool->mode == POOL_START_WR;
}
