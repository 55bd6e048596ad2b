/* Frames for the kernel, on top of the buddy allocator; and the pool as a whole. */
#include "mm/frame/frame_alloc.h"

#include "core/cpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_history.h"
#include "mm/frame/frame_init.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/stock.h"
#include "mm/gate/gate.h"
#include "mm/sanitizer/marks.h"

struct frame_pool frame_pool = { .lock = LOCK_INIT("frames", RANK_frames) };

/* Each step of what is kept back is this share of memory. */
enum { RESERVE_SHARE = 64 };

static RO_AFTER_INIT bool (*root_hook)(void);
RO_AFTER_INIT bool (*allocation_fail_hook)(void);

void frame_alloc_set_root_hook(bool (*hook)(void)) { root_hook = hook; }

void allocation_set_fail_hook(bool (*hook)(void)) { allocation_fail_hook = hook; }

void frame_table_fill(pfn_t start, pfn_t end)
{
	lock_acquire(&frame_pool.lock);
	for (pfn_t frame = start; frame.pfn < end.pfn;) {
		unsigned order = BUDDY_ORDER_MAX;

		while (!is_aligned(frame.pfn, 1u << order) || frame.pfn + (1u << order) > end.pfn) {
			order--;
		}
		frame_transition(frame, order, OWNER_RESERVED, OWNER_FREE);
		buddy_insert(&frame_pool.buddy, frame, order, FREE_REVEALED);
		frame = pfn_add(frame, 1u << order);
	}
	frame_pool.nr_usable += end.pfn - start.pfn;
	frame_pool.nr_reserve = frame_pool.nr_usable / RESERVE_SHARE;
	lock_release(&frame_pool.lock);
}

void frame_table_claim(pfn_t first, uint32_t nr, enum owner owner)
{
	for (uint32_t i = 0; i < nr; i++) {
		frame_transition(pfn_add(first, i), 0, OWNER_RESERVED, OWNER_FREE);
		frame_transition(pfn_add(first, i), 0, OWNER_FREE, owner);
		if (owner != OWNER_PTABLE) {
			frames_number(pfn_add(first, i), 1, first.pfn + i);
		}
	}
	frame_pool_count(owner, nr);
	frame_pool.nr_usable += nr;
}

void frame_alloc_init(uint16_t *nr_free_in) { buddy_init(&frame_pool.buddy, nr_free_in); }

void frame_flags_set_hidden(pfn_t first, uint32_t nr, bool hidden)
{
	if (frame_entry(first)->owner == OWNER_FREE) {
		(hidden ? frames_hide : frames_reveal)(first, nr);
	} else {
		frames_flag(first, nr, hidden ? FRAME_HIDDEN : 0, hidden ? 0 : FRAME_HIDDEN);
	}
	for (uint32_t i = 0; i < nr; i++) {
		const struct frame *frame = frame_entry(pfn_add(first, i));

		frame_history_note(pfn_add(first, i), frame->owner, frame->flags);
	}
}

bool frame_pool_allows(enum frame_use use, uint64_t nr)
{
	uint64_t nr_free = frame_pool_nr_free();

	if (LIKELY(nr_free >= nr + frame_pool_kept_from_users(use))) {
		return true;
	}
	return nr_free >= nr + (use == USE_PAGES ? frame_pool.nr_reserve : 0) &&
	       (!root_hook || root_hook());
}

/* No is said only after a look under the lock, with what the CPUs keep for themselves on the lists.
 */
static __attribute__((noinline)) bool allows_of_all(enum frame_use use, uint64_t nr)
{
	bool allows;

	lock_acquire(&frame_pool.lock);
	(void)frames_gather();
	allows = frame_pool_allows(use, nr);
	lock_release(&frame_pool.lock);
	return allows;
}

bool frame_kernel_is_allowed(void)
{
	return LIKELY(frame_pool_allows(USE_KERNEL, 1)) || allows_of_all(USE_KERNEL, 1);
}

bool frame_user_is_allowed(uint64_t nr)
{
	return frame_pool_allows(USE_PAGES, nr) || allows_of_all(USE_PAGES, nr);
}

/* Caller holds the lock. */
static void batch_return(unsigned order)
{
	pfn_t first;

	assert(lock_is_held(&frame_pool.lock));
	if (xpfo.returns_batches && order < xpfo.batch_order &&
	    buddy_take(&frame_pool.buddy, xpfo.batch_order, FREE_HIDDEN, &first)) {
		block_reveal(first, xpfo.batch_order);
		buddy_insert(&frame_pool.buddy, first, xpfo.batch_order, FREE_REVEALED);
	}
}

/* Caller holds the lock. A block of one kind for the kernel; hidden ones are revealed when there is
 * no other. */
static bool take_revealed(unsigned order, pfn_t *out)
{
	assert(lock_is_held(&frame_pool.lock));
	if (buddy_take(&frame_pool.buddy, order, FREE_REVEALED, out)) {
		return true;
	}
	batch_return(order);
	if (buddy_take(&frame_pool.buddy, order, FREE_REVEALED, out)) {
		return true;
	}
	if (!buddy_take(&frame_pool.buddy, order, FREE_HIDDEN, out)) {
		return false;
	}
	block_reveal(*out, order);
	return true;
}

/* Caller holds the lock. The same of what is free but on no list, or not of one kind. */
static __attribute__((noinline)) bool take_otherwise(unsigned order, pfn_t *out)
{
	assert(lock_is_held(&frame_pool.lock));
	for (;;) {
		(void)frames_gather();
		if (!frame_pool_allows(USE_KERNEL, 1u << order)) {
			return false;
		}
		if (take_revealed(order, out)) {
			return true;
		}
		if (quarantine_reveal()) {
			continue;
		}
		if (frames_take_mixed(order, out)) {
			block_reveal(*out, order);
			return true;
		}
		if (!frames_await_work()) {
			return false;
		}
	}
}

/* Each frame knows where its allocation begins. */
static void note_first(pfn_t first, unsigned order)
{
	frames_number(first, 1u << order, first.pfn);
}

status_t frame_alloc_kernel(enum owner owner, unsigned order, pfn_t *out)
{
	pfn_t first;
	bool found;

	assert(owner == OWNER_KERNEL || owner == OWNER_PTABLE || owner == OWNER_ENTRY);
	if (allocation_should_fail()) {
		return STATUS_ENOMEM;
	}
	lock_acquire(&frame_pool.lock);
	found = (frame_pool_allows(USE_KERNEL, 1u << order) && take_revealed(order, &first)) ||
		take_otherwise(order, &first);
	if (found) {
		frame_transition(first, order, OWNER_FREE, owner);
		if (owner != OWNER_PTABLE) {
			note_first(first, order);
		}
		frame_pool_count(owner, 1l << order);
		*out = first;
	}
	lock_release(&frame_pool.lock);
	return found ? STATUS_OK : STATUS_ENOMEM;
}

status_t frame_alloc_zeroed(enum owner owner, unsigned order, pfn_t *out)
{
	status_t status = frame_alloc_kernel(owner, order, out);

	if (status == STATUS_OK) {
		memset(direct_map_pointer(*out), 0, (size_t)PAGE_SIZE << order);
	}
	return status;
}

void frame_mark_copied(pfn_t first, unsigned order)
{
	frames_flag(first, 1u << order, FRAME_COPIED, 0);
}

status_t frame_alloc_copied(unsigned order, pfn_t *out)
{
	status_t status = frame_alloc_zeroed(OWNER_KERNEL, order, out);

	if (status == STATUS_OK) {
		frame_mark_copied(*out, order);
	}
	return status;
}

void frame_free_kernel(pfn_t first, unsigned order)
{
	enum owner owner = frame_entry(first)->owner;

	mark_check(direct_map_pointer(first), 1, TOUCH_FREE);
	lock_acquire(&frame_pool.lock);
	frame_transition(first, order, owner, OWNER_FREE);
	if (owner == OWNER_PTABLE) {
		block_unguard(first, order);
	}
	frame_pool_count(owner, -(1l << order));
	if (KASAN) {
		frame_rest_enter(first, order);
	} else {
		buddy_insert(&frame_pool.buddy, first, order, FREE_REVEALED);
	}
	lock_release(&frame_pool.lock);
}

/*
 * A frame is counted as given out before anybody can give it back: in this order there are never
 * more given back.
 */
static uint64_t nr_user_frames(void)
{
	uint64_t nr = 0;

	for (unsigned id = 0; id < nr_cpus; id++) {
		nr -= __atomic_load_n(&cpus[id]->counters[COUNTER_frames_freed_user],
				      __ATOMIC_ACQUIRE);
	}
	for (unsigned id = 0; id < nr_cpus; id++) {
		nr += __atomic_load_n(&cpus[id]->counters[COUNTER_frames_allocated_user],
				      __ATOMIC_ACQUIRE);
	}
	return nr;
}

void frame_stats_read(struct frame_stats *out)
{
	uint64_t nr_cached = 0, nr_spare_tables = 0;

	lock_acquire(&frame_pool.lock);
	for (unsigned id = 0; id < nr_cpus; id++) {
		const struct cpu *cpu = cpus[id];

		nr_cached += stock_count(cpu->frame_cache, FRAME_CACHE_MAX);
		nr_spare_tables += stock_count(cpu->spare_tables, SPARE_TABLES_MAX) +
				   2 * stock_count(cpu->spare_roots, SPARE_ROOTS_MAX);
	}
	*out = (struct frame_stats){
		.nr_usable = frame_pool.nr_usable,
		.nr_free_revealed = frame_pool.buddy.nr_free[FREE_REVEALED] + nr_spare_tables +
				    frame_pool.rest.nr_frames,
		.nr_free_hidden = frame_pool.buddy.nr_free[FREE_HIDDEN] +
				  frame_pool.quarantine.nr_frames + frame_pool.nr_in_work,
		.nr_user = nr_user_frames(),
		.nr_kernel = frame_pool.nr_owned[OWNER_KERNEL] + frame_pool.nr_owned[OWNER_ENTRY] +
			     frame_pool.nr_owned[OWNER_POOL],
		.nr_ptable = frame_pool.nr_owned[OWNER_PTABLE] - nr_spare_tables,
	};
	if (frame_pool_cached_kind() == FREE_HIDDEN) {
		out->nr_free_hidden += nr_cached;
	} else {
		out->nr_free_revealed += nr_cached;
	}
	lock_release(&frame_pool.lock);
}
