/* XPFO's variants, and the published kmap interface. */
#include "mm/xpfo.h"

#include "core/cpu.h"
#include "core/lock.h"
#include "lib/assert.h"
#include "mm/direct_map.h"
#include "mm/frame.h"
#include "mm/tlb.h"

enum { BATCH_ORDER = 5 }; /* a CPU's cache of frames has room for as many */
static_assert(1 << BATCH_ORDER <= FRAME_CACHE_MAX, "a batch fits into a cache");

static const struct xpfo_variant variants[] = {
	/* the earliest patches */
	[xpfo_local] = { .hides_anew = true, .flush = ktlb_flush_local, .is_weak = true },
	/* strict: every CPU, by IPI, acknowledged, for each allocation */
	[xpfo_sync] = { .hides_anew = true, .flush = ktlb_shootdown_sync },
	/* v8: the others flush at their next context switch */
	[xpfo_deferred] = { .hides_anew = true, .flush = ktlb_flush_deferred, .is_weak = true },
	/* v8 and v9: the same, a cache's worth at a time */
	[xpfo_batch] = { .batch_order = BATCH_ORDER,
			 .hides_anew = true,
			 .flush = ktlb_flush_deferred,
			 .is_weak = true },
	/* ours: as strict as sync, and nothing to flush for a frame that stays with user space */
	[xpfo_epoch] = { .batch_order = BATCH_ORDER },
};

static struct lock kmap_lock = LOCK_INIT("kmap", RANK_kmap);

const struct xpfo_variant *xpfo_variant(void)
{
	const struct xpfo_variant *variant = &variants[options.xpfo];

	/* an empty row: the option has a value that the table lacks */
	assert(xpfo_is_on() && (variant->hides_anew || variant->batch_order));
	return variant;
}

void *xpfo_kmap(pfn_t frame)
{
	struct frame *entry = frame_entry(frame);

	if (entry->owner != OWNER_USER) {
		return entry->flags & FRAME_HIDDEN ? NULL : direct_map_pointer(frame);
	}
	lock_acquire(&kmap_lock);
	assert(entry->kmaps < UINT8_MAX);
	if (entry->kmaps++ == 0 && entry->flags & FRAME_HIDDEN) {
		direct_map_reveal(frame, 1);
	}
	lock_release(&kmap_lock);
	return direct_map_pointer(frame);
}

/* Flushes, as strictly as the variant in force. */
static void kunmap_flush(pfn_t frame)
{
	va_t address = { direct_map_base + pfn_to_pa(frame).pa };

	if (xpfo_variant()->flush) {
		xpfo_variant()->flush(address, 1);
	} else {
		ktlb_wait(ktlb_downgrade());
	}
}

void xpfo_kunmap(pfn_t frame)
{
	struct frame *entry = frame_entry(frame);
	bool hide;

	if (entry->owner != OWNER_USER) {
		return;
	}
	lock_acquire(&kmap_lock);
	assert(entry->kmaps > 0);
	hide = --entry->kmaps == 0 && entry->flags & FRAME_HIDDEN;
	if (hide) {
		direct_map_hide(frame, 1);
	}
	lock_release(&kmap_lock);
	/* outside the lock: another CPU may spin on it while we wait for it to flush */
	if (hide) {
		kunmap_flush(frame);
	}
}
