/*
 * BUILD=kasan: one byte, a *mark*, for each eight bytes of the kernel half says which of them may
 * be used. The literature calls that shadow memory; here the shadow is KAISER's. A mark of 0: all
 * eight; 1 to 7: so many, the first ones; else none, and the mark says why (enum mark).
 *
 *     mark's address = address / 8 + MARKS_OFFSET
 *
 * Whatever is mapped in the direct map, the image, kernel space, pools and entry area has marks in
 * all kernel roots, and so in the window's; the window itself but for the gate's stacks there, the
 * user half and what is mapped nowhere have none, and are not looked at. In other builds nothing of
 * this is there.
 */
#pragma once

#include "lib/builds.h"
#include "lib/status.h"
#include "lib/types.h"
#include "mm/table/layout.h"

/* -fasan-shadow-offset in tools/make/kernel.mk: the compiler writes the marks of stacks itself. */
#define MARKS_OFFSET 0xdffffc0000000000ul
enum { MARK_SHIFT = 3, MARK_BYTES = 1 << MARK_SHIFT };
static_assert((KERNEL_HALF >> MARK_SHIFT) + MARKS_OFFSET == MARKS_BASE, "the lowest mark");

/* What a page of marks stands for. */
#define MARKED_BYTES ((uint64_t)PAGE_SIZE << MARK_SHIFT)

/* The compiler's own: gcc/asan.h. All of ours have the top bit, too. */
enum mark {
	MARK_STACK_LEFT = 0xf1,
	MARK_STACK_MIDDLE = 0xf2,
	MARK_STACK_RIGHT = 0xf3,
	MARK_STACK_RETURNED = 0xf5,
	MARK_STACK_SCOPE = 0xf8,
	MARK_GLOBAL_RED = 0xf9,
	MARK_SLAB_RED = 0xfa,
	MARK_SLAB_FREED = 0xfb,
	MARK_STACK_FREED = 0xfc,
	MARK_POOL_RED = 0xfd,
	MARK_POOL_FREED = 0xfe,
	MARK_FRAME_NOT_OURS = 0xf7,
	MARK_FRAME_FREED = 0xff,
};

static inline uint64_t mark_address(uint64_t address)
{
	return (address >> MARK_SHIFT) + MARKS_OFFSET;
}

enum touch { TOUCH_LOAD, TOUCH_STORE, TOUCH_FREE };

/* Who had a block: return addresses, as offsets in the image, innermost first, 0: none; and the
 * pid of the process that ran. */
enum { TRACE_DEPTH = 3 };
struct trace {
	uint32_t callers[TRACE_DEPTH];
	uint32_t pid;
};
void trace_take(struct trace *out);

/* --- kasan.kasan.c, with the inline functions below in front of it --- */

void marks_put(uint64_t start, size_t len_bytes, enum mark mark);
void marks_clear(uint64_t start, size_t len_bytes);
void marks_frames_freed(pfn_t first, unsigned order);
void marks_check(uint64_t start, size_t len_bytes, enum touch touch);
void marks_forget_stack(va_t base);

/* --- marking; nothing in other builds --- */

/* Nobody may use [start, start + len), both multiples of 8. */
static inline void mark(const void *start, size_t len_bytes, enum mark why)
{
	if (KASAN) {
		marks_put((uint64_t)start, len_bytes, why);
	}
}
/* Everybody may; start is a multiple of 8. What is behind the end in the last eight may not. */
static inline void unmark(const void *start, size_t len_bytes)
{
	if (KASAN) {
		marks_clear((uint64_t)start, len_bytes);
	}
}
/* Panics unless all of it may be used. For what assembly will access, and for frees. */
static inline void mark_check(const void *start, size_t len_bytes, enum touch touch)
{
	if (KASAN) {
		marks_check((uint64_t)start, len_bytes, touch);
	}
}

/* --- marks.kasan.c: the memory of the marks --- */

/* The kernel's first act: marks for all, which nobody reads, so that code that writes them can run.
 */
void marks_begin(void);
/* Boot: marks for [start, end), frames from boot_alloc_kernel. */
void marks_build(uint64_t start, uint64_t end);
/* Boot: the top-level entries of all that will ever have marks. */
void marks_reserve(pfn_t root);
/* Boot: from now on each access is looked at. */
void marks_start(void);

/*
 * Something will be mapped at [start, end): its marks are there, and say that all of it may be
 * used. ENOMEM. And it was unmapped; behind it nobody has the addresses yet. Flushes.
 */
status_t marks_cover_range(uint64_t start, uint64_t end) MUST_CHECK;
void marks_uncover_range(uint64_t start, uint64_t end);

/* Page tables in which no mark is left: those of addresses that others do not use meanwhile.
 * Flushes, and Blocks. */
void marks_free_tables(uint64_t start, uint64_t end);

/* The frame of the page of marks that an address has, for the caller to flush and to free. Nothing
 * is mapped any more that this page stands for. */
pfn_t marks_take(uint64_t address);

static inline status_t marks_cover(uint64_t start, uint64_t end)
{
	return KASAN ? marks_cover_range(start, end) : STATUS_OK;
}
static inline void marks_uncover(uint64_t start, uint64_t end)
{
	if (KASAN) {
		marks_uncover_range(start, end);
	}
}
