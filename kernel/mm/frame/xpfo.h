/*
 * Exclusive page-frame ownership (Kemerlis et al., "ret2dir", USENIX Security 2014; the Linux patch
 * series v1 to v9): a frame that user space can reach is not in the direct map. A variant is a row
 * of values: what takes a frame out of the direct map, who is flushed for it, and what becomes of
 * the frame when it is free again. abi/variants.def says where each was published.
 */
#pragma once

#include "core/options.h"
#include "lib/types.h"
#include "mm/gate/gate.h"

/* Flushes nr_pages of the direct map from `first`, on whichever CPUs the variant flushes. */
typedef void (*xpfo_flush)(va_t first, uint64_t nr_pages);

struct xpfo_variant {
	/* --- on the way to user space --- */
	/*
	 * User space is served from a pool of frames that are hidden, clean and on no TLB already.
	 * Otherwise any free frames are taken, and prepared for this very allocation.
	 */
	bool is_pooled;
	/* 2^batch_order frames are taken at a time, if user space wants one of 4 KiB. */
	uint8_t batch_order;
	/* The frame is unmapped when it is allocated; otherwise only once the kernel kunmaps it. */
	bool unmaps_at_alloc;
	/* ... flushed with these. NULL: it waits in the quarantine until no TLB can hold it. */
	xpfo_flush flush_at_alloc;
	/* ... only where the kernel had the frame last. */
	bool flushes_kernels_alone;
	/* It is cleared in the direct map, between kmap and kunmap. Otherwise zero= says how. */
	bool clears_mapped;

	/* --- while user space has it --- */
	xpfo_flush flush_at_kunmap;

	/* --- when user space gives it back --- */
	bool clears_at_free;
	/* It stays out of the direct map until the kernel wants it. */
	bool stays_hidden;
	/* ... and then 2^batch_order frames go back together, if all of them are free. */
	bool returns_batches;
};

/* The variant in force. Written by xpfo_use alone. */
extern struct xpfo_variant xpfo;
/* Puts a variant in force. Boot. */
void xpfo_use(enum option_xpfo variant);

static inline bool xpfo_is_on(void) { return options.xpfo != xpfo_off; }
/* A hidden free frame is zero, and on no TLB. */
static inline bool xpfo_hidden_is_clean(void) { return xpfo.stays_hidden && xpfo.clears_at_free; }
/*
 * The kernel cannot reach a user frame from the start, whatever TLBs held, and it is zeroed behind
 * its flush. The gate then lets user space have no other.
 */
static inline bool xpfo_is_strict(void) { return xpfo.unmaps_at_alloc && xpfo.clears_at_free; }
/* With ptprot the gate lets nobody put users' frames back where none are. */
static inline bool xpfo_may_kmap(void) { return gate_in_force == ptprot_off || !xpfo_is_strict(); }
/* A user frame that the kernel never kmapped is in the direct map. */
static inline bool xpfo_leaves_unkmapped(void) { return xpfo_is_on() && !xpfo.unmaps_at_alloc; }

/*
 * The published interface, for comparison: puts a USER frame back into the direct map while held,
 * for every CPU to see. Nests, up to 255 deep. Other frames are not changed, nor with ptprot those
 * of variants that have none there: where the direct map has them, or NULL. Not for the kernel's
 * own use. The last kunmap takes the frame out, unless xpfo=off, and flushes.
 */
void *xpfo_kmap(pfn_t frame);
void xpfo_kunmap(pfn_t frame);
/* Clears 2^order USER frames as the published patches do: each through kmap and kunmap. */
void xpfo_clear_by_kmap(pfn_t first, unsigned order);
