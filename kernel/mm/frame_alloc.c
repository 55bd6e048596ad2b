/*
 * Frames for the kernel and for user space on top of the buddy allocator. A frame that goes user ->
 * free -> user stays hidden and is never flushed again; only crossing between the kinds edits the
 * direct map.
 */
#include "mm/frame_alloc.h"

#include "core/cpu.h"
#include "core/lock.h"
#include "core/options.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/direct_map.h"
#include "mm/frame_init.h"
#include "mm/window.h"
#include "mm/xpfo.h"

/* User space may not take the last 1/RESERVE_SHARE of memory: the kernel needs it to say no in an
 * orderly way. */
enum { RESERVE_SHARE = 64, CACHE_REFILL = 16 };

static struct lock lock = LOCK_INIT("frames", RANK_frames);
/* Guarded by lock. */
static struct buddy buddy;
static uint64_t nr_owned[NR_OWNERS];
static RO_AFTER_INIT uint64_t nr_usable, nr_reserve;

static bool (*fail_hook)(void);

void allocation_set_fail_hook(bool (*hook)(void)) { fail_hook = hook; }

bool allocation_should_fail(void) { return fail_hook && fail_hook(); }

void frame_table_fill(pfn_t start, pfn_t end)
{
	lock_acquire(&lock);
	for (pfn_t frame = start; frame.pfn < end.pfn;) {
		unsigned order = BUDDY_ORDER_MAX;

		while (!is_aligned(frame.pfn, 1u << order) || frame.pfn + (1u << order) > end.pfn) {
			order--;
		}
		frame_transition(frame, order, OWNER_RESERVED, OWNER_FREE);
		buddy_insert(&buddy, frame, order, FREE_REVEALED);
		frame = pfn_add(frame, 1u << order);
	}
	nr_usable += end.pfn - start.pfn;
	nr_reserve = nr_usable / RESERVE_SHARE;
	lock_release(&lock);
}

void frame_table_claim(pfn_t first, uint32_t nr, enum owner owner)
{
	for (uint32_t i = 0; i < nr; i++) {
		frame_transition(pfn_add(first, i), 0, OWNER_RESERVED, OWNER_FREE);
		frame_transition(pfn_add(first, i), 0, OWNER_FREE, owner);
	}
	nr_owned[owner] += nr;
	nr_usable += nr;
}

void frame_alloc_init(void) { buddy_init(&buddy); }

static void flags_set_hidden(pfn_t first, unsigned order, bool hidden)
{
	for (uint32_t i = 0; i < 1u << order; i++) {
		struct frame *frame = frame_entry(pfn_add(first, i));

		frame->flags = hidden ? frame->flags | FRAME_HIDDEN : frame->flags & ~FRAME_HIDDEN;
	}
}

/* Caller holds the lock. A block that the kernel can use; hidden ones are revealed when there is no
 * other. */
static bool take_revealed(unsigned order, pfn_t *out)
{
	if (buddy_take(&buddy, order, FREE_REVEALED, out)) {
		return true;
	}
	if (!buddy_take(&buddy, order, FREE_HIDDEN, out)) {
		return false;
	}
	direct_map_reveal(*out, order);
	flags_set_hidden(*out, order, false);
	return true;
}

/* Gives this CPU's cached frames back, so that they can be revealed or merged. Caller holds the
 * lock. */
static void cache_drain(struct cpu *cpu)
{
	while (cpu->nr_frame_cache) {
		buddy_insert(&buddy, cpu->frame_cache[--cpu->nr_frame_cache], 0, FREE_HIDDEN);
	}
}

status_t frame_alloc_kernel(enum owner owner, unsigned order, pfn_t *out)
{
	pfn_t first;
	bool found;

	assert(owner == OWNER_KERNEL || owner == OWNER_PTABLE || owner == OWNER_ENTRY);
	if (allocation_should_fail()) {
		return STATUS_ENOMEM;
	}
	lock_acquire(&lock);
	found = take_revealed(order, &first);
	if (!found) {
		cache_drain(this_cpu());
		found = take_revealed(order, &first);
	}
	if (found) {
		frame_transition(first, order, OWNER_FREE, owner);
		nr_owned[owner] += 1u << order;
		*out = first;
	}
	lock_release(&lock);
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

void frame_free_kernel(pfn_t first, unsigned order)
{
	enum owner owner = frame_entry(first)->owner;

	lock_acquire(&lock);
	frame_transition(first, order, owner, OWNER_FREE);
	nr_owned[owner] -= 1u << order;
	buddy_insert(&buddy, first, order, FREE_REVEALED);
	lock_release(&lock);
}

/* Takes a revealed block out of the direct map: zeroed first, then hidden, then off every TLB.
 * Flushes. */
static void block_hide(pfn_t first, unsigned order)
{
	memset(direct_map_pointer(first), 0, (size_t)PAGE_SIZE << order);
	direct_map_hide(first, order);
	xpfo_flush(first, order);
	flags_set_hidden(first, order, true);
}

/* Caller holds the lock. */
static bool user_share_left(unsigned order)
{
	return buddy.nr_free[FREE_REVEALED] + buddy.nr_free[FREE_HIDDEN] >=
	       nr_reserve + (1u << order);
}

/* A free, zeroed block for user space, on no list. Flushes when it must hide one. */
static status_t user_block_take(unsigned order, pfn_t *out)
{
	bool found, hide = false;

	lock_acquire(&lock);
	found = user_share_left(order);
	if (found && !buddy_take(&buddy, order, FREE_HIDDEN, out)) {
		found = hide = buddy_take(&buddy, order, FREE_REVEALED, out);
	}
	lock_release(&lock);
	if (!found) {
		return STATUS_ENOMEM;
	}
	if (hide && xpfo_is_on()) {
		block_hide(*out, order);
	} else if (hide) {
		memset(direct_map_pointer(*out), 0, (size_t)PAGE_SIZE << order);
	}
	return STATUS_OK;
}

static void user_block_hand_out(pfn_t first, unsigned order)
{
	frame_transition(first, order, OWNER_FREE, OWNER_USER);
	frame_entry(first)->refs = 1;
	__atomic_fetch_add(&nr_owned[OWNER_USER], 1u << order, __ATOMIC_RELAXED);
	COUNT_N(frames_allocated_user, 1u << order);
}

/* Moves hidden frames from the free list to this CPU's cache. */
static void cache_refill(struct cpu *cpu)
{
	lock_acquire(&lock);
	while (cpu->nr_frame_cache < CACHE_REFILL && user_share_left(0) &&
	       buddy_take(&buddy, 0, FREE_HIDDEN, &cpu->frame_cache[cpu->nr_frame_cache])) {
		cpu->nr_frame_cache++;
	}
	lock_release(&lock);
}

status_t frame_alloc_user(unsigned order, pfn_t *out)
{
	struct cpu *cpu = this_cpu();
	status_t status;

	assert(order == 0 || order == HUGE_ORDER);
	if (allocation_should_fail()) {
		return STATUS_ENOMEM;
	}
	if (order == 0 && !cpu->nr_frame_cache) {
		cache_refill(cpu);
	}
	if (order == 0 && cpu->nr_frame_cache) {
		*out = cpu->frame_cache[--cpu->nr_frame_cache];
	} else {
		status = user_block_take(order, out);
		if (status) {
			return status;
		}
	}
	user_block_hand_out(*out, order);
	return STATUS_OK;
}

/* Scrubbed frames that no TLB holds go back to the list they are ready for. */
static void user_block_free(pfn_t first, unsigned order)
{
	bool hidden = frame_entry(first)->flags & FRAME_HIDDEN;

	frame_transition(first, order, OWNER_USER, OWNER_FREE);
	__atomic_fetch_sub(&nr_owned[OWNER_USER], 1u << order, __ATOMIC_RELAXED);
	buddy_insert(&buddy, first, order, hidden ? FREE_HIDDEN : FREE_REVEALED);
}

void free_batch_finish(struct free_batch *batch)
{
	if (!batch->nr) {
		return;
	}
	/* as Linux does, nothing is scrubbed on free when XPFO is off */
	if (xpfo_is_on()) {
		window_zero(batch->frames, batch->nr);
	}
	lock_acquire(&lock);
	for (unsigned i = 0; i < batch->nr; i++) {
		user_block_free(batch->frames[i], 0);
	}
	lock_release(&lock);
	batch->nr = 0;
}

static void free_huge(pfn_t first)
{
	if (xpfo_is_on()) {
		window_zero_range(first, FRAMES_PER_HUGE);
	}
	lock_acquire(&lock);
	user_block_free(first, HUGE_ORDER);
	lock_release(&lock);
}

void frame_put_user(struct free_batch *batch, pfn_t first)
{
	struct frame *frame = frame_entry(first);

	assert(frame->owner == OWNER_USER && !(frame->flags & FRAME_TAIL));
	assert(frame->refs > 0);
	/* pairs with the increments of fork: whoever sees zero is alone with the frame */
	if (__atomic_sub_fetch(&frame->refs, 1, __ATOMIC_ACQ_REL)) {
		return;
	}
	if (frame->order == HUGE_ORDER) {
		free_huge(first);
		return;
	}
	batch->frames[batch->nr++] = first;
	if (batch->nr == FREE_BATCH_MAX) {
		free_batch_finish(batch);
	}
}

void frame_stats_read(struct frame_stats *out)
{
	uint64_t nr_cached = 0;

	lock_acquire(&lock);
	for (unsigned id = 0; id < nr_cpus; id++) {
		nr_cached += cpus[id]->nr_frame_cache;
	}
	*out = (struct frame_stats){
		.nr_usable = nr_usable,
		.nr_free_revealed = buddy.nr_free[FREE_REVEALED],
		.nr_free_hidden = buddy.nr_free[FREE_HIDDEN] + nr_cached,
		.nr_user = nr_owned[OWNER_USER],
		.nr_kernel = nr_owned[OWNER_KERNEL] + nr_owned[OWNER_ENTRY],
		.nr_ptable = nr_owned[OWNER_PTABLE],
	};
	lock_release(&lock);
}
