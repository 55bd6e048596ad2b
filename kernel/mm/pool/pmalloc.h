/*
 * Write-once pools: allocate, fill, seal. Sealed memory stays read-only, through every mapping,
 * until its whole pool is destroyed; nothing ever unseals it. docs/pmalloc.md has the why.
 *
 * A pool is made of areas, each virtually contiguous, with guard pages around it. Its frames are
 * POOL-owned and hidden, so the pool's mapping is the only one there is.
 *
 * Any context; takes the pmalloc lock. Descriptors lie in sealed memory themselves, so they are
 * const for everybody. Misuse is refused, never trusted.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

enum pool_mode {
	POOL_RO,       /* written until it is protected, then never again */
	POOL_WR,       /* once it is protected wr_* alone may write: write-rare */
	POOL_AUTO_RO,  /* as POOL_RO; an area seals itself when the next one is begun */
	POOL_AUTO_WR,  /* as POOL_WR, the same */
	POOL_START_WR, /* sealed from birth: wr_* alone may write, ever */
	NR_POOL_MODES
};

struct pool;

/* The longest object: larger ones are refused. */
#define POOL_OBJECT_MAX (64ul << 20)
enum { POOL_ALIGN_MIN = 8, POOL_NAME_BYTES = 24, POOL_DESCRIPTOR_BYTES = 64 };

/* Boot, once frames and windows work. Panics without memory. */
void pmalloc_init(void);

/*
 * refill_bytes: how large a new area is, at least (0: 16 KiB); align_bytes: a power of two up to
 * PAGE_SIZE that every object's address is a multiple of (0: 8). EINVAL, ENOMEM.
 */
status_t pmalloc_create_pool(const char *name, enum pool_mode mode, size_t refill_bytes,
			     size_t align_bytes, const struct pool **out) MUST_CHECK;

/*
 * An object of a pool that is not protected yet. All zero: both do the same, pzalloc says that it
 * matters. EPERM: the pool is protected; EINVAL: no size, or no such pool; ERANGE: larger than
 * POOL_OBJECT_MAX, or nr * size overflows; ENOMEM. With POOL_AUTO_* and POOL_START_WR: flushes.
 */
status_t pmalloc(const struct pool *pool, size_t size_bytes, void **out) MUST_CHECK;
status_t pzalloc(const struct pool *pool, size_t size_bytes, void **out) MUST_CHECK;
status_t pmalloc_array(const struct pool *pool, size_t nr, size_t size_bytes,
		       void **out) MUST_CHECK;
/* A copy of the text, its terminator included. */
status_t pstrdup(const struct pool *pool, const char *text, const char **out) MUST_CHECK;

/*
 * Scrubs an object and gives it back, to roll back what was half built. EPERM once it is sealed;
 * in a POOL_START_WR pool, whose objects are never anything else, it may go until the pool is
 * protected. EFAULT: not an object of this pool. NULL is nothing.
 */
status_t pfree(const struct pool *pool, const void *object) MUST_CHECK;

/*
 * Blocks until no CPU can write through an older translation: one generation, whatever the pool's
 * size. From then on nothing is allocated from it, and only wr_* may write to it, if it is a
 * write-rare one. EPERM: it is protected already. Flushes.
 */
status_t pmalloc_protect_pool(const struct pool *pool) MUST_CHECK;
/* A write-rare pool is read-only from now on, for good, and protected. EPERM: it is, or it is
 * claimed. Flushes. */
status_t pmalloc_make_pool_ro(const struct pool *pool) MUST_CHECK;

/*
 * The pool is its owner's alone from now on: wr_* refuse its objects, and only wr_*_in, which name
 * the pool, write to them. A write-rare call that was led astray does not name it. It stays, and
 * stays write-rare: pmalloc_destroy_pool and pmalloc_make_pool_ro refuse it: anybody can give
 * them its name. With authority=off they do not. EPERM: it is claimed already.
 */
status_t pmalloc_claim_pool(const struct pool *pool) MUST_CHECK;

/*
 * Blocks until no CPU can use an old translation, then scrubs and frees everything. Who still has a
 * pointer finds nothing there: addresses rest until all of the region was used. EPERM: it is
 * claimed. Flushes.
 */
status_t pmalloc_destroy_pool(const struct pool *pool) MUST_CHECK;
/* The same for the owner of a claimed pool. EPERM: it is not claimed. */
status_t pmalloc_destroy_claimed_pool(const struct pool *pool) MUST_CHECK;

/*
 * Write-rare: through this CPU's private window; the pool's mapping stays read-only. The target
 * must lie within one object, and in WR_PAGES_MAX pages: all of them are checked before the first
 * byte is written, so a call that fails has written nothing. EFAULT: in no object of a pool;
 * ERANGE: past its object's end, or in more pages; EPERM: the object's pool is, or will be,
 * read-only, or is claimed. `from` is kernel memory. What is as long as a store, and aligned, is
 * one store. With pmalloc=off nothing is checked.
 */
enum { WR_PAGES_MAX = 64 };
status_t wr_memcpy(const void *to, const void *from, size_t len_bytes) MUST_CHECK;
status_t wr_memset(const void *to, int byte, size_t len_bytes) MUST_CHECK;
/* One store of 1, 2, 4 or 8 bytes, aligned to its size (EINVAL otherwise): never seen torn. */
status_t wr_store(const void *to, uint64_t value, unsigned size_bytes) MUST_CHECK;
/* The same, and the object must be one of this pool (EFAULT otherwise), claimed or not. NULL: of
 * any that is not claimed. */
status_t wr_memcpy_in(const struct pool *pool, const void *to, const void *from,
		      size_t len_bytes) MUST_CHECK;
status_t wr_store_in(const struct pool *pool, const void *to, uint64_t value,
		     unsigned size_bytes) MUST_CHECK;
/* *target = value, for integers and pointers: how a new version of something is published. */
#define wr_assign_in(pool, target, value)                                                          \
	({                                                                                         \
		static_assert(sizeof(*(target)) <= sizeof(uint64_t), "one store");                 \
		__typeof__(*(target)) wr_new = (value);                                            \
		wr_store_in((pool), (target), (uint64_t)wr_new, sizeof(wr_new));                   \
	})
#define wr_assign(target, value) wr_assign_in(NULL, target, value)

/* What an object check found. */
struct pool_object {
	uint64_t start;
	size_t size_bytes;
	bool is_sealed;    /* the CPU cannot write to it through its address */
	bool is_read_only; /* wr_* may not either */
	char pool[POOL_NAME_BYTES];
};
/* The object that holds an address. False: there is none. */
bool pool_object_at(uint64_t address, struct pool_object *out);
/* The pool that an object was allocated from: back-references are held against it. NULL: none. */
const struct pool *pool_of(const void *object);

/*
 * For the auditor, which runs while all other CPUs stand still: the frame belongs to the page of a
 * pool, or of the descriptors, that is at this address, and is sealed if that is. Takes no lock.
 */
bool pool_has_page(uint64_t address, pfn_t frame);

/* What the pools hold now, for tests and reports. */
struct pool_stats {
	uint64_t nr_pools, nr_areas, nr_pages, nr_meta_pages;
};
void pool_stats_read(struct pool_stats *out);
