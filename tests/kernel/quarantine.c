/* More blocks on their way to user space than the quarantine has room for: one that finds it full
 * waits alone. */
#include "mm/frame/quarantine.h"
#include "ktest.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/xpfo.h"
#include "revealed.h"

KTEST_SUITE(quarantine)
{
	struct frame_stats before, after;
	unsigned nr = 0, nr_hidden = 0;
	bool is_full;
	pfn_t frames_put[QUARANTINE_MAX + 2];

	if (!xpfo.is_pooled || xpfo.flush_at_alloc) {
		ktest_skip("no variant with a quarantine");
		return;
	}
	frame_stats_read(&before);
	while (nr < ARRAY_SIZE(frames_put) && revealed_take(&frames_put[nr])) {
		quarantine_put(frames_put[nr++], 0);
	}
	lock_acquire(&frame_pool.lock);
	is_full = quarantine_is_full(&frame_pool.quarantine);
	lock_release(&frame_pool.lock);
	ktest_ok(is_full, "the quarantine is full");
	for (unsigned i = 0; i < nr; i++) {
		nr_hidden += frame_entry(frames_put[i])->flags & FRAME_HIDDEN ? 1 : 0;
	}
	frame_stats_read(&after);
	ktest_ok(nr == ARRAY_SIZE(frames_put) && nr_hidden == nr,
		 "more blocks than fit into the quarantine become hidden");
	ktest_ok(before.nr_free_revealed + before.nr_free_hidden ==
			 after.nr_free_revealed + after.nr_free_hidden,
		 "all of them are free");
	quarantine_wait();
}
