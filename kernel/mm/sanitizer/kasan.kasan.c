/*
 * BUILD=kasan: the kernel-address sanitizer. The compiler calls what is here in front of each load
 * and store, with the names that are fixed by it; marks.h says what is looked up. What must not be
 * used is reported, and the machine stops.
 */
#include "mm/sanitizer/kasan.h"

#include "arch/x86_64/entry/probe.h"
#include "core/backtrace.h"
#include "lib/string.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_history.h"
#include "mm/table/wrapped.h"

int marks_load(uint64_t at); /* marks_load.kasan.asm */

enum { NR_SLOTS = 512, SLOT_SHIFT = 39 };

/* Top-level slots of the kernel half in which everything that is mapped has marks. */
static bool is_watched[NR_SLOTS];

void kasan_watch(uint64_t start, uint64_t end)
{
	for (uint64_t slot = start >> SLOT_SHIFT; slot <= (end - 1) >> SLOT_SHIFT; slot++) {
		is_watched[slot % NR_SLOTS] = true;
	}
}

void kasan_stop(void) { memset(is_watched, 0, sizeof(is_watched)); }

static inline bool is_looked_at(uint64_t address)
{
	return address >= KERNEL_HALF && is_watched[(address >> SLOT_SHIFT) % NR_SLOTS];
}

/* --- writing marks --- */

void marks_put(uint64_t start, size_t len_bytes, enum mark why)
{
	memset((void *)mark_address(start), why, len_bytes >> MARK_SHIFT);
}

void marks_clear(uint64_t start, size_t len_bytes)
{
	size_t whole = len_bytes >> MARK_SHIFT, rest = len_bytes % MARK_BYTES;

	memset((void *)mark_address(start), 0, whole);
	if (rest) {
		((uint8_t *)mark_address(start))[whole] = (uint8_t)rest;
	}
}

/* --- traces --- */

extern char text_end[];

void trace_take(struct trace *out)
{
	uint64_t addresses[TRACE_DEPTH + 1] = { 0 };

	/* the first is our caller's in mm */
	(void)backtrace_collect((uint64_t)__builtin_frame_address(0), addresses,
				ARRAY_SIZE(addresses), probe_read);
	for (unsigned i = 0; i < TRACE_DEPTH; i++) {
		uint64_t offset = addresses[i + 1] - (uint64_t)image_start;

		out->callers[i] = addresses[i + 1] < (uint64_t)text_end ? (uint32_t)offset : 0;
	}
	out->pid = frame_who_pid(frame_who_here());
}

/*
 * A free frame's marks are all MARK_FRAME_FREED but for a trace, seven bits in each byte with the
 * top one set: nobody may use it, whatever they say.
 */
enum { TRACE_OFFSET = 8, TRACE_BITS = 7, TRACE_TOP = 1 << TRACE_BITS };

static uint8_t *frame_marks(pfn_t frame)
{
	return (uint8_t *)mark_address(direct_map_address(frame));
}

void marks_frames_freed(pfn_t first, unsigned order)
{
	struct trace trace;
	const uint32_t *words = (const uint32_t *)&trace;

	trace_take(&trace);
	marks_put(direct_map_address(first), (size_t)PAGE_SIZE << order, MARK_FRAME_FREED);
	for (uint32_t i = 0; i < 1u << order; i++) {
		uint8_t *at = frame_marks(pfn_add(first, i)) + TRACE_OFFSET;

		for (unsigned word = 0; word < sizeof(trace) / sizeof(*words); word++) {
			for (unsigned shift = 0; shift < 32; shift += TRACE_BITS) {
				*at++ = (uint8_t)(words[word] >> shift | TRACE_TOP);
			}
		}
	}
}

void kasan_frame_trace(pfn_t frame, struct trace *out)
{
	const uint8_t *at = frame_marks(frame) + TRACE_OFFSET;
	uint32_t *words = (uint32_t *)out;

	for (unsigned word = 0; word < sizeof(*out) / sizeof(*words); word++) {
		words[word] = 0;
		for (unsigned shift = 0; shift < 32; shift += TRACE_BITS) {
			words[word] |= (uint32_t)(*at++ & (TRACE_TOP - 1)) << shift;
		}
	}
}

/* --- looking at them --- */

/* The first byte of [start, start + len) that may not be used; the end: all may. */
static uint64_t first_bad(uint64_t start, size_t len_bytes)
{
	uint64_t end = start + len_bytes, words;

	for (uint64_t at = start; at < end; at = align_down(at, MARK_BYTES) + MARK_BYTES) {
		int found = marks_load(mark_address(at));

		if (found &&
		    (found < 0 || MIN(end - align_down(at, MARK_BYTES), 8ul) > (uint64_t)found)) {
			return found < 0 ? at
					 : MAX(at, align_down(at, MARK_BYTES) + (uint64_t)found);
		}
		/* eight marks at a time, where there are so many */
		while (is_aligned(mark_address(at), 8) && end - at > 128 &&
		       probe_read(mark_address(at) + 8, &words) && !found && !words &&
		       probe_read(mark_address(at), &words) && !words) {
			at = align_down(at, MARK_BYTES) + 64;
		}
	}
	return end;
}

static __attribute__((noinline)) void look_closely(uint64_t start, size_t len_bytes,
						   enum touch touch, uint64_t caller)
{
	uint64_t bad = first_bad(start, len_bytes);

	if (bad != start + len_bytes) {
		kasan_report(start, len_bytes, touch, caller);
	}
}

static inline void look(uint64_t at, size_t len_bytes, enum touch touch, uint64_t caller)
{
	if (is_looked_at(at) && (UNLIKELY(marks_load(mark_address(at))) ||
				 UNLIKELY(at % MARK_BYTES + len_bytes > MARK_BYTES))) {
		look_closely(at, len_bytes, touch, caller);
	}
}

#define CALLER ((uint64_t)__builtin_return_address(0))

void marks_check(uint64_t start, size_t len_bytes, enum touch touch)
{
	if (len_bytes) {
		look(start, len_bytes, touch, CALLER);
	}
}

#define CHECKS(size)                                                                               \
	void __asan_load##size##_noabort(uint64_t at);                                             \
	void __asan_load##size##_noabort(uint64_t at) { look(at, size, TOUCH_LOAD, CALLER); }      \
	void __asan_store##size##_noabort(uint64_t at);                                            \
	void __asan_store##size##_noabort(uint64_t at) { look(at, size, TOUCH_STORE, CALLER); }

CHECKS(1)
CHECKS(2)
CHECKS(4)
CHECKS(8)
CHECKS(16)

void __asan_loadN_noabort(uint64_t at, size_t len_bytes);
void __asan_loadN_noabort(uint64_t at, size_t len_bytes)
{
	if (len_bytes) {
		look(at, len_bytes, TOUCH_LOAD, CALLER);
	}
}

void __asan_storeN_noabort(uint64_t at, size_t len_bytes);
void __asan_storeN_noabort(uint64_t at, size_t len_bytes)
{
	if (len_bytes) {
		look(at, len_bytes, TOUCH_STORE, CALLER);
	}
}

void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t len_bytes)
{
	if (len_bytes) {
		look((uint64_t)from, len_bytes, TOUCH_LOAD, CALLER);
		look((uint64_t)to, len_bytes, TOUCH_STORE, CALLER);
	}
	return __real_memcpy(to, from, len_bytes);
}

void *__wrap_memmove(void *to, const void *from, size_t len_bytes)
{
	if (len_bytes) {
		look((uint64_t)from, len_bytes, TOUCH_LOAD, CALLER);
		look((uint64_t)to, len_bytes, TOUCH_STORE, CALLER);
	}
	return __real_memmove(to, from, len_bytes);
}

void *__wrap_memset(void *to, int byte, size_t len_bytes)
{
	if (len_bytes) {
		look((uint64_t)to, len_bytes, TOUCH_STORE, CALLER);
	}
	return __real_memset(to, byte, len_bytes);
}
