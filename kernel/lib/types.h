/*
 * Address and page-table types. Each is a struct of one field, so that the kinds do not mix
 * and a user pointer cannot be dereferenced; at -O2 they cost nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define static_assert _Static_assert

typedef struct {
	uint64_t pa;
} pa_t; /* physical address, bytes */
typedef struct {
	uint64_t va;
} va_t; /* kernel-half virtual address, bytes */
typedef struct {
	uint64_t uva;
} uva_t; /* address given by, or mapped for, user space: untrusted */
typedef struct {
	uint32_t pfn;
} pfn_t; /* physical frame number: pa >> 12 */

enum {
	PAGE_SHIFT = 12,
	PAGE_SIZE = 1 << PAGE_SHIFT,
	HUGE_SHIFT = 21,
	HUGE_ORDER = HUGE_SHIFT - PAGE_SHIFT,
	FRAMES_PER_HUGE = 1 << HUGE_ORDER,
};
#define HUGE_SIZE (1ul << HUGE_SHIFT)
#define PFN_MAX (1ul << 29) /* frames from here on are not used */
#define PFN_NONE ((pfn_t){ UINT32_MAX })

static inline pa_t pfn_to_pa(pfn_t frame) { return (pa_t){ (uint64_t)frame.pfn << PAGE_SHIFT }; }
static inline pfn_t pa_to_pfn(pa_t pa) { return (pfn_t){ (uint32_t)(pa.pa >> PAGE_SHIFT) }; }
static inline pfn_t pfn_add(pfn_t frame, uint32_t nr) { return (pfn_t){ frame.pfn + nr }; }
static inline bool pfn_is_none(pfn_t frame) { return frame.pfn == UINT32_MAX; }

/* align must be a power of two */
static inline uint64_t align_down(uint64_t value, uint64_t align) { return value & ~(align - 1); }
static inline uint64_t align_up(uint64_t value, uint64_t align)
{
	return align_down(value + align - 1, align);
}
static inline bool is_aligned(uint64_t value, uint64_t align) { return !(value & (align - 1)); }

/* To a count that a lock guards, and that is read (atomically) without it, too. */
static inline void count_add(uint64_t *count, uint64_t nr)
{
	__atomic_store_n(count, *count + nr, __ATOMIC_RELAXED);
}

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define CONTAINER_OF(pointer, type, member) ((type *)(((char *)(pointer)) - offsetof(type, member)))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Written only while booting; the section is read-only afterwards. */
#define RO_AFTER_INIT __attribute__((section(".ro_after_init")))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
