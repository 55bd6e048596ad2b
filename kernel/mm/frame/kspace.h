/* Kernel virtual ranges: thread stacks and device registers with guard pages, the frame table. */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "arch/x86_64/cpu/registers.h"
#include "lib/status.h"
#include "lib/types.h"
#include "mm/table/layout.h"

/* Where frame_table.c lays out what it makes, in kernel space. */
#define FRAME_TABLE_OFFSET (KSPACE_SIZE / 4 * 3)
#define FRAME_TABLE_SIZE (KSPACE_SIZE / 4)
/*
 * The guarded area: the frame table itself, then a block for each processor. Whole entries of
 * GUARDED_STEP bytes, so that one bit above all of it says who may write.
 */
#define GUARDED_STEP (1ul << 30)
#define GUARDED_FRAMES_SIZE (PFN_MAX * 8)
#define GUARDED_SIZE (GUARDED_FRAMES_SIZE + GUARDED_STEP)
static inline uint64_t guarded_base(void)
{
	return align_up(kspace_base + FRAME_TABLE_OFFSET, GUARDED_STEP);
}

enum { KSTACK_SIZE = 16 * 1024 };

/* Stacks lie in slots, from the start of kernel space on. All else there is mapped while booting.
 */
#define SLOT_BYTES (2ul * KSTACK_SIZE)
enum { NR_SLOTS = 65536 };
/* In an unused stack, where its first thread begins: below its user registers, as context_prepare
 * leaves it. Counted from the slot's first byte. */
enum { KSTACK_FIRST_RSP = SLOT_BYTES - sizeof(struct regs) - 4 * sizeof(uint64_t) };
static inline uint32_t kstack_slot(va_t base)
{
	return (uint32_t)((base.va - kspace_base) / SLOT_BYTES);
}
static inline bool kspace_is_for_stacks(uint64_t address)
{
	return address - kspace_base < NR_SLOTS * SLOT_BYTES;
}

/* A kernel stack: [base, base + KSTACK_SIZE), unmapped guard pages on both sides. ENOMEM. */
status_t kstack_alloc(va_t *base) MUST_CHECK;
/*
 * Scrubs it and keeps it for the next kstack_alloc: the mapping stays, so nothing is flushed. When
 * too many are kept, half of them are given back with one flush.
 */
void kstack_free(va_t base);
/* Flushes: gives back the stacks that were kept. For counts of what is really in use, and when
 * memory is short. False: none were kept. */
bool kstack_trim(void);
/* The same, of those that share a flush: a piece of a call. */
bool kstack_trim_some(void);
/* The kernel stack that an address lies on, from its first byte on. False: on none. */
bool kstack_of(va_t address, va_t *base);
/* Is the address in a guard page of a stack slot? */
bool kstack_is_guard(va_t address);

/* Where device registers are mapped: the entry that ioremap made. False: none are. */
bool kspace_device_at(uint64_t address, pte_t *out);
uint64_t kspace_nr_device_pages(void);

/*
 * Maps frames of the kernel's, as they are, read-only; their alias goes: nothing writes to them any
 * more. Boot only. Flushes. ENOMEM.
 */
status_t kspace_map_sealed(pfn_t first, uint32_t nr, va_t *out) MUST_CHECK;

enum { DEVICES_MAX = 256 };
enum device_cache { DEVICE_UNCACHED, DEVICE_WRITE_COMBINING };
/* Maps device registers or firmware tables [pa, pa + len), RW NX (tables too; they are never
 * executed). Boot only. ENOMEM: also more than DEVICES_MAX times. */
status_t ioremap(pa_t pa, uint64_t len_bytes, enum device_cache cache, va_t *out) MUST_CHECK;
/* What ioremap mapped from this address on is gone again. Boot only. Flushes. */
void device_unmap(va_t start);
