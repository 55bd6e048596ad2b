/* XPFO's variants, and the published kmap interface. */
#include "mm/frame/xpfo.h"

#include "core/cpu.h"
#include "core/lock.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_pool.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"
#include "mm/tlb/tlb.h"
#include "mm/tlb/tlb_debt.h"

enum { CACHE_ORDER = 5, PAGEBLOCK_ORDER = 9 }; /* a CPU's cache has room for a batch */
static_assert(1 << CACHE_ORDER <= FRAME_CACHE_MAX, "a batch fits into a cache");

/* Flushes a large page that was split, as every variant does, and no 4 KiB page. */
static void flush_none(va_t first, uint64_t nr_pages)
{
	(void)first;
	(void)nr_pages;
	ktlb_settle();
	if (ASSERTIONS) {
		tlb_debt_waive();
	}
}

/* As strict as the quarantine, for a frame that cannot wait there. */
static void flush_completely(va_t first, uint64_t nr_pages)
{
	(void)first;
	(void)nr_pages;
	ktlb_wait(ktlb_downgrade());
}

static const struct xpfo_variant variants[] = {
	[xpfo_off] = { .clears_mapped = true },
	/* versions 1 to 5; that it is cleared at free is in version 1 alone */
	[xpfo_v1] = { .flush_at_alloc = ktlb_shootdown_sync,
		      .flushes_kernels_alone = true,
		      .clears_mapped = true,
		      .flush_at_kunmap = ktlb_flush_local,
		      .clears_at_free = true },
	[xpfo_v6] = { .flush_at_alloc = ktlb_shootdown_sync,
		      .clears_mapped = true,
		      .flush_at_kunmap = ktlb_shootdown_sync },
	/* version 7 without the word xpfotlbflush, and with it */
	[xpfo_v7noflush] = { .flush_at_alloc = flush_none,
			     .clears_mapped = true,
			     .flush_at_kunmap = flush_none },
	[xpfo_v7] = { .flush_at_alloc = ktlb_flush_owed,
		      .clears_mapped = true,
		      .flush_at_kunmap = ktlb_flush_owed },
	/* without the last patch of version 8, and with it: there a batch is flushed and marked,
	 * but stays mapped */
	[xpfo_v8] = { .flush_at_alloc = ktlb_flush_deferred,
		      .clears_mapped = true,
		      .flush_at_kunmap = ktlb_flush_deferred },
	[xpfo_v8batch] = { .batch_order = CACHE_ORDER,
			   .flush_at_alloc = ktlb_flush_deferred,
			   .clears_mapped = true,
			   .flush_at_kunmap = ktlb_flush_deferred },
	[xpfo_v9] = { .batch_order = CACHE_ORDER,
		      .unmaps_at_alloc = true,
		      .flush_at_alloc = ktlb_flush_deferred,
		      .clears_mapped = true,
		      .flush_at_kunmap = ktlb_flush_deferred,
		      .stays_hidden = true },
	/* ours: every CPU, by IPI, acknowledged, for each allocation */
	[xpfo_sync] = { .unmaps_at_alloc = true,
			.flush_at_alloc = ktlb_shootdown_sync,
			.flush_at_kunmap = ktlb_shootdown_sync,
			.clears_at_free = true },
	/* the same for 2 MiB, which stay with user space */
	[xpfo_pageblock] = { .is_pooled = true,
			     .batch_order = PAGEBLOCK_ORDER,
			     .unmaps_at_alloc = true,
			     .flush_at_alloc = ktlb_shootdown_sync,
			     .flush_at_kunmap = ktlb_shootdown_sync,
			     .clears_at_free = true,
			     .stays_hidden = true,
			     .returns_batches = true },
	/* ours: as strict, and without an interrupt while hidden frames last */
	[xpfo_epoch] = { .is_pooled = true,
			 .batch_order = CACHE_ORDER,
			 .unmaps_at_alloc = true,
			 .flush_at_kunmap = flush_completely,
			 .clears_at_free = true,
			 .stays_hidden = true },
};

RO_AFTER_INIT struct xpfo_variant xpfo;

void xpfo_use(enum option_xpfo variant)
{
	/* an empty row: the option has a value that the table lacks */
	assert(variant == xpfo_off || variants[variant].flush_at_kunmap);
	options.xpfo = variant;
	xpfo = variants[variant];
}

static struct lock kmap_lock = LOCK_INIT("kmap", RANK_kmap);

void *xpfo_kmap(pfn_t frame)
{
	const struct frame *entry = frame_entry(frame);

	if (entry->owner != OWNER_USER || !xpfo_may_kmap()) {
		return frame_is_hidden(entry) ? NULL : direct_map_pointer(frame);
	}
	lock_acquire(&kmap_lock);
	assert(entry->kmaps < UINT8_MAX);
	frame_kmaps_set(frame, entry->kmaps + 1u);
	if (entry->kmaps == 1) {
		unmark(direct_map_pointer(frame), PAGE_SIZE);
		if (entry->flags & FRAME_HIDDEN) {
			direct_map_reveal(frame, 1);
		}
	}
	lock_release(&kmap_lock);
	return direct_map_pointer(frame);
}

/* Caller holds the lock. What was never hidden before is from now on. */
static void hide_kunmapped(pfn_t frame)
{
	assert(lock_is_held(&kmap_lock));
	direct_map_hide(frame, 1);
	if (!(frame_entry(frame)->flags & FRAME_HIDDEN)) {
		frames_flag(frame, 1, 0, FRAME_UNKMAPPED);
		frame_flags_set_hidden(frame, 1, true);
	}
}

void xpfo_kunmap(pfn_t frame)
{
	const struct frame *entry = frame_entry(frame);
	bool is_last;

	if (entry->owner != OWNER_USER || !xpfo_may_kmap()) {
		return;
	}
	lock_acquire(&kmap_lock);
	assert(entry->kmaps > 0);
	is_last = entry->kmaps == 1 && xpfo_is_on();
	if (entry->kmaps == 1) {
		mark(direct_map_pointer(frame), PAGE_SIZE, MARK_FRAME_NOT_OURS);
	}
	if (is_last) {
		hide_kunmapped(frame);
	}
	frame_kmaps_set(frame, entry->kmaps - 1u);
	lock_release(&kmap_lock);
	/* outside the lock: another CPU may spin on it while we wait for it to flush */
	if (is_last) {
		xpfo.flush_at_kunmap((va_t){ direct_map_base + pfn_to_pa(frame).pa }, 1);
	}
}

void xpfo_clear_by_kmap(pfn_t first, unsigned order)
{
	for (uint32_t i = 0; i < 1u << order; i++) {
		memset(xpfo_kmap(pfn_add(first, i)), 0, PAGE_SIZE);
		xpfo_kunmap(pfn_add(first, i));
	}
}
