/* XPFO's variants, and the published kmap interface. */
#include "mm/xpfo.h"

#include "core/cpu.h"
#include "core/lock.h"
#include "core/options.h"
#include "lib/assert.h"
#include "mm/direct_map.h"
#include "mm/frame.h"
#include "mm/tlb.h"

static struct lock kmap_lock = LOCK_INIT("kmap", RANK_kmap);

static va_t address_of(pfn_t frame) { return (va_t){ direct_map_base + pfn_to_pa(frame).pa }; }

static void flush_local(pfn_t first, unsigned order)
{
	ktlb_flush_local(address_of(first), 1u << order);
}

static void flush_sync(pfn_t first, unsigned order)
{
	ktlb_shootdown_sync(address_of(first), 1u << order);
}

static void (*const flushes[])(pfn_t, unsigned) = {
	[xpfo_local] = flush_local,
	[xpfo_sync] = flush_sync,
};

bool xpfo_is_on(void) { return options.xpfo != xpfo_off; }

void xpfo_flush(pfn_t first, unsigned order) { flushes[options.xpfo](first, order); }

void *xpfo_kmap(pfn_t frame)
{
	struct frame *entry = frame_entry(frame);

	lock_acquire(&kmap_lock);
	assert(entry->owner == OWNER_USER && entry->kmaps < UINT8_MAX);
	if (entry->kmaps++ == 0 && entry->flags & FRAME_HIDDEN) {
		direct_map_reveal(frame, 0);
	}
	lock_release(&kmap_lock);
	return direct_map_pointer(frame);
}

void xpfo_kunmap(pfn_t frame)
{
	struct frame *entry = frame_entry(frame);
	bool hide;

	lock_acquire(&kmap_lock);
	assert(entry->kmaps > 0);
	hide = --entry->kmaps == 0 && entry->flags & FRAME_HIDDEN;
	if (hide) {
		direct_map_hide(frame, 0);
	}
	lock_release(&kmap_lock);
	/* outside the lock: another CPU may spin on it with interrupts off while we wait for it to
	 * flush */
	if (hide) {
		xpfo_flush(frame, 0);
	}
}
