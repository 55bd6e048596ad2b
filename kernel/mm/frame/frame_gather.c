/*
 * What is done when the free lists have nothing: frames that CPUs keep for themselves go back, and
 * free neighbours of both kinds serve as one block. ENOMEM is the answer only when one look under
 * the lock saw no free frame that could have been had: on no list, in no quarantine, in no cache or
 * stock, and in nobody's hands.
 */
#include "arch/x86_64/cpu/paging.h"
#include "core/cpu.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/stock.h"
#include "mm/gate/gate.h"

/* PASSES_MAX: of orders for which buddy_may_have does not know. */
enum { ROOT_PAIR_ORDER = 1, RANGES_PER_LOOK = 64, PASSES_MAX = 4 };

/* The first of a pair of roots that no address space has. */
static bool root_is_idle(const struct frame *frame)
{
	return frame->owner == OWNER_PTABLE && !frame->nr_used &&
	       frame->flags == (LEVEL_MAX | TABLE_LINKED | ROOT_IDLE);
}

/* Frames that an empty page table, or two, were kept in. */
static void table_free(pfn_t first, unsigned order)
{
	const struct frame *frame = frame_entry(first);

	/* a stock is a hint: what the frame table does not call an empty table is passed over */
	if (!pfn_is_valid(first) || !(order ? root_is_idle(frame) : table_is_loose(frame))) {
		return;
	}
	if (order) {
		root_pair_end(first);
	}
	frame_transition(first, order, OWNER_PTABLE, OWNER_FREE);
	block_unguard(first, order);
	frame_pool_count(OWNER_PTABLE, -(1l << order));
	buddy_insert(&frame_pool.buddy, first, order, FREE_REVEALED);
}

static void cached_free(pfn_t frame, unsigned order)
{
	if (!pfn_is_valid(frame) || frame_entry(frame)->owner != OWNER_FREE) {
		return;
	}
	buddy_insert(&frame_pool.buddy, frame, order, frame_pool_cached_kind());
}

/* Returns how many there were. */
static unsigned stock_empty(pfn_t *slots, unsigned nr_slots, unsigned order,
			    void (*give)(pfn_t first, unsigned order))
{
	unsigned nr = 0;
	pfn_t first;

	for (unsigned i = 0; i < nr_slots; i++) {
		if (stock_count(&slots[i], 1) && stock_swap_out(&slots[i], &first)) {
			give(first, order);
			nr++;
		}
	}
	return nr;
}

bool frames_gather(void)
{
	unsigned nr = KASAN ? frame_rest_empty() : 0;

	assert(lock_is_held(&frame_pool.lock));
	for (unsigned id = 0; id < nr_cpus; id++) {
		struct cpu *cpu = cpus[id];

		nr += stock_empty(cpu->frame_cache, FRAME_CACHE_MAX, 0, cached_free);
		nr += stock_empty(cpu->spare_tables, SPARE_TABLES_MAX, 0, table_free);
		nr += stock_empty(cpu->spare_roots, SPARE_ROOTS_MAX, ROOT_PAIR_ORDER, table_free);
	}
	COUNT_N(frames_gathered, nr);
	return nr;
}

/* Lets others work, and serves them, before the next look. */
static void breathe(void)
{
	lock_release(&frame_pool.lock);
	poll_interrupts();
	cpu_relax();
	lock_acquire(&frame_pool.lock);
}

/* Memory changes while the lock is free: what a pass has not found may lie behind it by now, or be
 * of one kind. */
bool frames_take_mixed(unsigned order, pfn_t *out)
{
	struct buddy *buddy = &frame_pool.buddy;
	uint32_t range = 0;

	for (unsigned nr_passes = 0;
	     order && nr_passes < PASSES_MAX && buddy_may_have(buddy, order);) {
		if (range >= buddy_nr_ranges()) {
			range = 0;
			nr_passes += order != 1 && order != RANGE_ORDER;
			if (buddy_take(buddy, order, FREE_REVEALED, out) ||
			    buddy_take(buddy, order, FREE_HIDDEN, out)) {
				return true;
			}
		}
		if (buddy_take_mixed(buddy, order, &range, RANGES_PER_LOOK, out)) {
			COUNT(blocks_mixed);
			return true;
		}
		breathe();
	}
	return false;
}

void frames_in_work(int64_t nr)
{
	lock_acquire(&frame_pool.lock);
	count_add(&frame_pool.nr_in_work, (uint64_t)nr);
	lock_release(&frame_pool.lock);
}

bool frames_await_work(void)
{
	if (!frame_pool.nr_in_work) {
		return false;
	}
	breathe();
	return true;
}
