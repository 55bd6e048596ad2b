/*
 * Page-table entries as values. Source: Intel SDM vol. 3A, "4-Level Paging and 5-Level Paging".
 * Levels: 1 page table (4 KiB), 2 page directory (2 MiB), 3, 4 PML4.
 */
#pragma once

#include "arch/x86_64/entry/upcall.h"
#include "lib/assert.h"
#include "lib/types.h"

typedef struct {
	uint64_t value;
} pte_t;

enum pte_flags {
	PTE_PRESENT = 1 << 0,
	PTE_WRITABLE = 1 << 1,
	PTE_USER = 1 << 2,
	PTE_WRITE_THROUGH = 1 << 3,
	PTE_CACHE_DISABLE = 1 << 4,
	PTE_ACCESSED = 1 << 5,
	PTE_DIRTY = 1 << 6,
	PTE_HUGE = 1 << 7, /* in levels 2 and 3 */
	PTE_GLOBAL = 1 << 8,
	PTE_COPY = 1 << 9,    /* ignored by the processor; ours: copy on write */
	PTE_PARKED = 1 << 10, /* ours: not present (PROT_NONE), but the frame is kept */
	PTE_SHARED = 1 << 11, /* ours: other entries may name the frame, and write to it too */
};
/* Ours, of a user's page: it is offered to whoever accepts it; another may come in its place. */
#define PTE_OFFERED (1ul << 52)
#define PTE_ACCEPTS (1ul << 53)
#define PTE_NO_EXECUTE (1ul << 63)
/* Protection key 1, which PKRS lets nobody write: Intel SDM vol. 3A, "Protection Keys for
 * Supervisor-Mode Pages". */
#define PTE_KEY (1ul << 59)
#define PTE_KEY_MASK (15ul << 59)
enum { PKRS_CLOSED = 1 << 3 };
#define PTE_ADDRESS_MASK 0x000ffffffffff000ul

enum { PTES_PER_TABLE = 512, LEVEL_MAX = 4 };

#define PTE_NONE ((pte_t){ 0 })

static inline pte_t pte_make(pfn_t frame, uint64_t flags)
{
	return (pte_t){ (uint64_t)frame.pfn << PAGE_SHIFT | flags };
}

static inline bool pte_is_present(pte_t pte) { return pte.value & PTE_PRESENT; }
static inline bool pte_holds_frame(pte_t pte) { return pte.value & (PTE_PRESENT | PTE_PARKED); }
static inline pfn_t pte_frame(pte_t pte)
{
	return (pfn_t){ (uint32_t)((pte.value & PTE_ADDRESS_MASK) >> PAGE_SHIFT) };
}
static inline bool pte_is_writable(pte_t pte) { return pte.value & PTE_WRITABLE; }
static inline bool pte_is_user(pte_t pte) { return pte.value & PTE_USER; }
static inline bool pte_is_executable(pte_t pte) { return !(pte.value & PTE_NO_EXECUTE); }
static inline bool pte_is_leaf(pte_t pte, unsigned level)
{
	return level == 1 || (pte.value & PTE_HUGE);
}
static inline pte_t pte_with(pte_t pte, uint64_t flags) { return (pte_t){ pte.value | flags }; }
static inline pte_t pte_without(pte_t pte, uint64_t flags) { return (pte_t){ pte.value & ~flags }; }

/*
 * A mapping that is gone, whose frame is still to be found: not present, and the frame's number
 * complemented. A processor with L1TF reads its first-level cache by the address in an entry that
 * is not present; the complement is above all memory. Both ways are the same.
 */
static inline pte_t pte_complement(pte_t pte)
{
	return (pte_t){ (pte.value ^ PTE_ADDRESS_MASK) & ~(uint64_t)PTE_PRESENT };
}

static inline unsigned level_shift(unsigned level) { return PAGE_SHIFT + 9 * (level - 1); }
static inline unsigned level_index(uint64_t address, unsigned level)
{
	return address >> level_shift(level) & (PTES_PER_TABLE - 1);
}

/* But for what the processor notes in it. */
static inline bool pte_is_same(pte_t one, pte_t other)
{
	return !((one.value ^ other.value) & ~(uint64_t)(PTE_ACCESSED | PTE_DIRTY));
}

static inline pte_t pte_read(const pte_t *slot)
{
	return (pte_t){ *(const volatile uint64_t *)&slot->value };
}

/* How many of nr entries in a row, from the first on, hold no frame: by cache lines, as most are
 * empty where some are. */
static inline unsigned ptes_skip_empty(const pte_t *entries, unsigned nr)
{
	enum { LINE = 8 };
	const pte_t *at = entries, *end = entries + nr;

	if (nr && pte_holds_frame(pte_read(at))) {
		return 0;
	}
	while (at + LINE <= end && !(at[0].value | at[1].value | at[2].value | at[3].value |
				     at[4].value | at[5].value | at[6].value | at[7].value)) {
		at += LINE;
	}
	while (at < end && !pte_holds_frame(pte_read(at))) {
		at++;
	}
	return (unsigned)(at - entries);
}
/* Does a translation that was cached before permit more than the entry does now? Both are of the
 * user half, or neither is. */
static inline bool pte_is_stricter(pte_t from, pte_t to)
{
	if (!pte_is_present(from)) {
		return false;
	}
	return !pte_is_present(to) || (pte_is_writable(from) && !pte_is_writable(to)) ||
	       (pte_is_executable(from) && !pte_is_executable(to));
}
