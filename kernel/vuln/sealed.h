/*
 * Sealed memory that attacks aim at, with vuln=on: one object in a pool of each mode, and up to two
 * pools that an attack has made, sealed and destroyed at will. The kernel knows what they must
 * hold, so it is the kernel that says whether a byte of them was changed.
 */
#pragma once

#include "abi/bulwark.h"
#include "lib/status.h"
#include "lib/types.h"
#include "mm/frame.h"

/* Boot, with vuln=on: makes them, and makes reports look at them. Panics without memory. */
void sealed_init(void);

void sealed_describe(struct bw_sealed *out);
/* The frame of the write-rare object. */
pfn_t sealed_frame(void);

/* A pool of one object, open; where that lies. ENOMEM; EAGAIN: there are two already. */
status_t sealed_pool_open(uint32_t pid, uint64_t *object) MUST_CHECK;
/* By the address of its object. EINVAL: there is no such pool. */
status_t sealed_pool_seal(uint64_t object) MUST_CHECK;
status_t sealed_pool_destroy(uint64_t object) MUST_CHECK;

/* A public record of BW_SEALED_BYTES with a copy of the flag behind it, in one pool. ENOMEM. */
status_t sealed_record(const void **out) MUST_CHECK;
