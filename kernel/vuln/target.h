/*
 * Sealed memory that attacks aim at, with vuln=on: one object in a pool of each mode, one in a pool
 * that is claimed, and pools that attacks make, seal and destroy at will (target_pool.c). The
 * kernel knows what they must hold, so it is the kernel that says whether a byte of them was
 * changed.
 */
#pragma once

#include "abi/bulwark.h"
#include "lib/status.h"
#include "lib/types.h"
#include "mm/frame/frame.h"
#include "mm/pool/pmalloc.h"

enum { SEALED_NR_WORDS = BW_SEALED_BYTES / 8 };
/* What an object is filled with. */
extern const uint64_t target_words[SEALED_NR_WORDS];

/* Boot, with vuln=on: makes them, and makes reports look at them. Panics without memory. */
void target_init(void);

void target_describe(struct bw_sealed *out);
/* Where the object of a pool is, to whoever wants to know. */
struct bw_sealed_object target_object_describe(const struct pool *pool, const void *object);
/* The frame of the write-rare object. */
pfn_t target_frame(void);

/* A new pool with one object of BW_SEALED_BYTES, filled. ENOMEM: neither is there. */
status_t target_object_create(enum pool_mode mode, const struct pool **pool,
			      void **object) MUST_CHECK;
/* Does kernel memory hold these bytes, a multiple of 8? No, where there is nothing any more. */
bool target_holds(uint64_t address, const void *bytes, size_t len_bytes);

/* ---- target_boot.c ---- */

/* Boot, with vuln=on. Panics without memory. */
void target_boot_init(void);
/* True: the boot archive, or a table that processors trust, was changed since it was asked last.
 * Blocks, in pieces of poll_call. */
bool target_boot_changed(void);

/* ---- target_pool.c ---- */

/* A pool of one object, open; where that lies. ENOMEM; EAGAIN: BW_SEALED_POOLS are in use. */
status_t target_pool_open(uint32_t pid, uint64_t *object) MUST_CHECK;
/*
 * A pool of so many pages that is born sealed. Its object stays as the pool gave it, zero: what is
 * there otherwise was changed. EINVAL: a number of pages that no pool grows by; else as above.
 */
status_t target_pool_born(uint32_t pid, uint64_t nr_pages, struct bw_sealed_object *out) MUST_CHECK;
/* By the address of its object. EINVAL: there is no such pool, or it is sealed. */
status_t target_pool_seal(uint64_t object) MUST_CHECK;
status_t target_pool_destroy(uint64_t object) MUST_CHECK;
/* True: one that is sealed was changed since it was asked last. */
bool target_pools_changed(void);

/* A public record of BW_SEALED_BYTES with a copy of the flag behind it, in one pool. ENOMEM. */
status_t target_record(const void **public, const void **secret) MUST_CHECK;
