/*
 * Pages of 2 MiB. Zeroing 512 frames takes long, so it is done in pieces, and others come in
 * between. Meanwhile the block is USER's, hidden, and has no references: nobody can reach it,
 * nobody waits for it, and the audit finds it in its place.
 */
#include "core/cpu.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_pool.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/frame/window.h"
#include "mm/gate/gate.h"

enum { LARGE_FRAMES = 1 << HUGE_ORDER, PIECE_ORDER = 6, PIECE_FRAMES = 1 << PIECE_ORDER };

/* Caller holds the lock. */
static enum look look_for_block(pfn_t *out)
{
	assert(lock_is_held(&frame_pool.lock));
	if (!frame_pool_allows(USE_PAGES, LARGE_FRAMES)) {
		return frames_gather() ? LOOK_AGAIN : LOOK_NOTHING;
	}
	if (buddy_take(&frame_pool.buddy, HUGE_ORDER, FREE_HIDDEN, out)) {
		return xpfo_hidden_is_clean() ? LOOK_FOUND : LOOK_BLOCK;
	}
	if (buddy_take(&frame_pool.buddy, HUGE_ORDER, FREE_REVEALED, out)) {
		return LOOK_BLOCK;
	}
	if (frame_pool.quarantine.nr) {
		return LOOK_WAIT;
	}
	if (frames_gather()) {
		return LOOK_AGAIN;
	}
	if (frames_take_mixed(HUGE_ORDER, out)) {
		return LOOK_BLOCK;
	}
	return frames_await_work() ? LOOK_AGAIN : LOOK_NOTHING;
}

/* Blocks. What comes back is in hand: no one else may come in before it has an owner. */
static enum look block_take(pfn_t *out)
{
	for (;;) {
		enum look look;

		lock_acquire(&frame_pool.lock);
		look = look_for_block(out);
		lock_release(&frame_pool.lock);
		if (look == LOOK_WAIT) {
			quarantine_wait();
		} else if (look == LOOK_NOTHING) {
			/* the kernel's stacks that nobody uses are the last that is given up */
			if (!kstack_trim() && !(KASAN && slab_trim())) {
				return look;
			}
		} else if (look != LOOK_AGAIN) {
			return look;
		}
		(void)poll_call();
	}
}

static void piece_clear(pfn_t piece)
{
	if (!xpfo_is_on()) {
		unmark(direct_map_pointer(piece), PIECE_FRAMES * PAGE_SIZE);
		memset(direct_map_pointer(piece), 0, PIECE_FRAMES * PAGE_SIZE);
		mark(direct_map_pointer(piece), PIECE_FRAMES * PAGE_SIZE, MARK_FRAME_NOT_OURS);
	} else if (xpfo.clears_mapped) {
		xpfo_clear_by_kmap(piece, PIECE_ORDER);
	} else {
		block_zero(piece, PIECE_ORDER);
	}
}

/* With ptprot, where no variant does it in the direct map. */
static void clear_in_gate(pfn_t first)
{
	for (uint32_t piece = 0; !large_is_clear(first); piece++) {
		(void)poll_call();
		large_clear(first, piece);
	}
}

static void clear(pfn_t first)
{
	if (gate_in_force != ptprot_off && xpfo_is_on() && !xpfo.clears_mapped) {
		clear_in_gate(first);
		return;
	}
	for (uint32_t done = 0; done < LARGE_FRAMES; done += PIECE_FRAMES) {
		(void)poll_call();
		piece_clear(pfn_add(first, done));
	}
}

/* Frames that are hidden at their first kunmap only are in the direct map between two pieces. */
static void note_unkmapped(pfn_t first) { frames_flag(first, LARGE_FRAMES, FRAME_UNKMAPPED, 0); }

/* A zeroed block of USER's without references. */
static status_t large_block_take(pfn_t *out)
{
	enum look look;
	pfn_t first;

	if (allocation_should_fail()) {
		return STATUS_ENOMEM;
	}
	look = block_take(&first);
	if (look == LOOK_NOTHING) {
		return STATUS_ENOMEM;
	}
	if (look == LOOK_BLOCK && xpfo_is_on()) {
		/* all of it in one go: the frames of a page are alike */
		block_unmap(first, HUGE_ORDER);
	}
	frame_transition(first, HUGE_ORDER, OWNER_FREE, OWNER_USER);
	COUNT_N(frames_allocated_user, LARGE_FRAMES);
	if (xpfo_leaves_unkmapped()) {
		note_unkmapped(first);
	}
	if (look == LOOK_BLOCK) {
		clear(first);
	}
	*out = first;
	return STATUS_OK;
}

/* With ptprot it gets it with its entry. */
static void reference_take(pfn_t first)
{
	if (gate_in_force == ptprot_off) {
		(void)frame_count(first, 1);
	}
}

status_t frame_alloc_large(pfn_t *out)
{
	status_t status = large_block_take(out);

	if (status == STATUS_OK) {
		reference_take(*out);
	}
	return status;
}

status_t frame_alloc_large_copy(const pte_t *entry, pfn_t *out)
{
	status_t status = large_block_take(out);

	for (uint32_t piece = 0; piece < LARGE_FRAMES / LARGE_PIECE && status == STATUS_OK;
	     piece++) {
		(void)poll_call();
		status = large_copy(entry, *out, piece) ? STATUS_OK : STATUS_EFAULT;
	}
	if (status == STATUS_OK) {
		/* behind the last piece: a reference that no entry has would be a wrong one */
		reference_take(*out);
	}
	return status;
}
