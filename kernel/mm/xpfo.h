/*
 * Exclusive page-frame ownership (Kemerlis et al., "ret2dir", USENIX Security 2014; the Linux patch
 * series v1 to v9): a frame that user space can reach is not in the direct map. The variants differ
 * in when a frame is taken out, and in how its entry leaves the TLBs.
 */
#pragma once

#include "core/options.h"
#include "lib/types.h"

/* What xpfo= chooses. */
struct xpfo_variant {
	/* 2^batch_order frames are hidden at a time when user space wants one of 4 KiB. */
	unsigned batch_order;
	/*
	 * Between two users a frame passes through the direct map, as in all published series, and
	 * so is hidden, and flushed, anew; here that happens when the next user gets it. Otherwise
	 * a frame that is hidden already is handed out as it is.
	 */
	bool hides_anew;
	/*
	 * Flushes: how frames that were just hidden leave the TLBs before they are handed out.
	 * NULL: they wait in the quarantine until no TLB can hold them.
	 */
	void (*flush)(va_t first, uint64_t nr_pages);
	/* Some TLB may hold frames that were flushed so: what is hidden is not exclusive. */
	bool is_weak;
};

static inline bool xpfo_is_on(void) { return options.xpfo != xpfo_off; }
/* Of the option in force; not with xpfo=off. */
const struct xpfo_variant *xpfo_variant(void);

/*
 * The published interface, for comparison: puts a hidden USER frame back into the direct map while
 * held, for every CPU to see. Nests, up to 255 deep. Other frames are not changed: where the direct
 * map has them, or NULL. Not for the kernel's own use. kunmap flushes.
 */
void *xpfo_kmap(pfn_t frame);
void xpfo_kunmap(pfn_t frame);
