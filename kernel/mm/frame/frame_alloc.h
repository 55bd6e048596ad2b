/* Frames for the kernel (revealed) and for user space (hidden and zeroed). Any context; takes the
 * frames lock. */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "mm/frame/frame.h"

/* 2^order frames for KERNEL, PTABLE or ENTRY, in the direct map; contents undefined. ENOMEM. */
status_t frame_alloc_kernel(enum owner owner, unsigned order, pfn_t *out) MUST_CHECK;
/* As above, zeroed. */
status_t frame_alloc_zeroed(enum owner owner, unsigned order, pfn_t *out) MUST_CHECK;
/* As above, owner KERNEL, for what is copied to or from user space: usercopy refuses all others. */
status_t frame_alloc_copied(unsigned order, pfn_t *out) MUST_CHECK;
/* Frames that are KERNEL's, from now on for copies. */
void frame_mark_copied(pfn_t first, unsigned order);
void frame_free_kernel(pfn_t first, unsigned order);
/*
 * Frames, KERNEL or ENTRY, that are not written to any more: hidden and sealed, for good. Where
 * they are mapped besides they are read-only. A downgrade, which the caller completes.
 */
void frames_seal_alone(pfn_t first, uint32_t nr);
/* The same of such that are written to, where they are mapped besides. */
void frames_hide_alone(pfn_t first, uint32_t nr);
/* May the current process have what the kernel keeps ready for all, such as free objects? Not when
 * memory is so short that what is left is root's. */
bool frame_kernel_is_allowed(void);

/*
 * One user frame: zeroed, owner USER, refs 1, and hidden unless xpfo=off. ENOMEM. Flushes as the
 * variant of XPFO does.
 */
status_t frame_alloc_user(pfn_t *out) MUST_CHECK;
/*
 * One that page_map or page_replace makes a user frame: in hand, and free, but for the variants
 * that clear it when it is a user frame already. Frame 0, which is never anybody's: there is none.
 * Flushes as the variant of XPFO does.
 */
pfn_t frame_take_user(void) MUST_CHECK;
/*
 * frame_alloc_user, for a page that a device fills: the caller stands for it, and writes all of the
 * page through the window. The published patches zero no such page, so it is not kmapped, and some
 * of them leave it in the direct map for that.
 */
status_t frame_alloc_user_for_device(pfn_t *out) MUST_CHECK;
/* The first of HUGE_ORDER, for a page of 2 MiB of the address space that is loaded; and with the
 * contents of the one in an entry. Block, in pieces of poll_call. */
status_t frame_alloc_large(pfn_t *out) MUST_CHECK;
status_t frame_alloc_large_copy(const pte_t *entry, pfn_t *out) MUST_CHECK;
/* Could the current process have that many now? */
bool frame_user_is_allowed(uint64_t nr);

/*
 * Up to WINDOW_PAGES frames for a pool: zeroed, owner POOL. POOL_ALIAS_NONE: hidden and on no TLB,
 * so that nobody but the caller could have written to them since they are zero. POOL_ALIAS_STAYS:
 * in the direct map. ENOMEM: none of them. Flushes when some must be hidden for it.
 */
enum pool_alias { POOL_ALIAS_NONE, POOL_ALIAS_STAYS };
status_t frames_alloc_pool(enum pool_alias alias, pfn_t *out, unsigned nr) MUST_CHECK;
/* Scrubs and frees up to WINDOW_PAGES of them; no TLB may still hold one. Flushes. */
void frame_free_pool(const pfn_t *firsts, unsigned nr);

/*
 * Drops a reference of each; those for which it was the last are scrubbed, as many as possible in
 * one opening of the window, and free. No TLB may still hold them. The array is used up. At most
 * this many are worth collecting.
 */
enum { FRAMES_PUT_MAX = 64 };
struct released;
/* What the gate released goes to whoever wants it next. One of 2 MiB is scrubbed first, in pieces:
 * Blocks. */
void frames_put_released(const struct released *released);
void frames_put_user(pfn_t *firsts, unsigned nr);
static inline void frame_put_user(pfn_t first) { frames_put_user(&first, 1); }

struct frame_stats {
	uint64_t nr_usable, nr_free_revealed, nr_free_hidden, nr_user, nr_kernel, nr_ptable;
};
void frame_stats_read(struct frame_stats *out);

/* Fault injection (ktest=on): counts down at every kernel allocation site of the current thread's
 * process; true: fail now. */
extern bool (*allocation_fail_hook)(void);
static inline bool allocation_should_fail(void)
{
	return UNLIKELY(allocation_fail_hook) && allocation_fail_hook();
}
