/*
 * The direct map: RAM frames at direct_map_base + physical address, RW NX (physmap=rwx:
 * executable), in 4 KiB pages, with directmap=2m in 2 MiB pages where nothing is hidden
 * (direct_split.h). A hidden frame's entry is empty. This file and window.h are the only ways from
 * a frame number to a pointer; boot_alloc.h is one more while nothing is hidden yet.
 */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "lib/types.h"
#include "mm/table/layout.h"

static inline uint64_t direct_map_address(pfn_t frame)
{
	return direct_map_base + pfn_to_pa(frame).pa;
}
/* The frame must be in the direct map: else whoever uses the pointer faults. */
static inline void *direct_map_pointer(pfn_t frame) { return (void *)direct_map_address(frame); }
/* Frame behind a direct-map address; PFN_NONE outside the map. */
pfn_t direct_map_frame(va_t address);
static inline pfn_t pointer_to_pfn(const void *pointer)
{
	return (pfn_t){ (uint32_t)(((uint64_t)pointer - direct_map_base) >> PAGE_SHIFT) };
}

/* The 4 KiB entry of a RAM frame; NULL: it lies in a 2 MiB page. And what it is while the frame is
 * not hidden. */
pte_t *direct_map_entry(pfn_t frame);
pte_t direct_map_pte(pfn_t frame);
bool direct_map_has(pfn_t frame);

/* Puts nr frames in a row into the map, or takes them out. Hiding is a downgrade, and may split a
 * page: the caller flushes, without a generation not before ktlb_settle. */
void direct_map_reveal(pfn_t first, uint32_t nr);
void direct_map_hide(pfn_t first, uint32_t nr);

/* The frame's entry, which is there, lets nobody write, or everybody again. Either way some TLB may
 * hold it as it was: the caller flushes. */
void direct_map_protect(pfn_t frame);
void direct_map_unprotect(pfn_t frame);
/* ... lets the gate alone write: a downgrade. direct_map_unprotect takes it back. */
void direct_map_guard(pfn_t frame);

/* Boot: builds the map of [start, end) in `root`, tables from boot_map_entry. */
void direct_map_build(pfn_t root, pfn_t start, pfn_t end);
