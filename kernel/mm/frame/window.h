/*
 * The private window: this CPU's way to hidden frames. A PML4 slot that is in this CPU's window
 * root and in no other, so no other CPU can ever walk it and closing it needs no shootdown. All
 * functions load the window root and the old one again; what they are given must be kernel memory.
 */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "lib/status.h"
#include "lib/types.h"
#include "mm/table/layout.h"

enum { WINDOW_PAGES = 64 };

/* Boot: builds the root of a CPU. ENOMEM. */
struct cpu;
status_t window_init_cpu(struct cpu *cpu) MUST_CHECK;

/* Any number of frames; opened for WINDOW_PAGES at a time, and requests are served in between. */
void window_zero(const pfn_t *frames, unsigned nr);
void window_zero_range(pfn_t first, unsigned nr);
/* 2^order frames. */
void window_copy(pfn_t to, pfn_t from, unsigned order);
/* Up to WINDOW_PAGES frames, seen in a row; offset and length in bytes within them. */
void window_write(const pfn_t *frames, unsigned nr, uint64_t offset_bytes, const void *from,
		  uint64_t len_bytes);

/* The same with one byte for all. */
void window_set(const pfn_t *frames, unsigned nr, uint64_t offset_bytes, int byte,
		uint64_t len_bytes);
/* One store of 1, 2, 4 or 8 bytes, aligned to its size: others see all of it or nothing. */
void window_store(pfn_t frame, uint64_t offset_bytes, uint64_t value, unsigned size_bytes);
/* The 8 bytes at an aligned offset. */
uint64_t window_load(pfn_t frame, uint64_t offset_bytes);

/* For the audit: the first of up to WINDOW_PAGES frames that holds anything but zeroes; nr: none
 * does. */
unsigned window_find_nonzero(const pfn_t *frames, unsigned nr);

/*
 * For kernel/vuln/ alone, to show what another CPU sees meanwhile: the frame stays in the open
 * window, for writing, while `wait` waits; returns what that returns. Nowhere else does anything
 * wait in an open window: whoever waits for this CPU waits for the whole of it. `wait` may poll (a
 * flush is right under any root) and nothing else: it must not fault, open the window or switch
 * threads.
 */
status_t window_hold(pfn_t frame, status_t (*wait)(void)) MUST_CHECK;

/*
 * The registers of this CPU's local APIC, behind the pages of the window: in window roots and in no
 * other, so that no store that goes astray reaches them. Source: Intel SDM vol. 3A, "Local APIC
 * Block Diagram".
 */
#define WINDOW_APIC (WINDOW_BASE + WINDOW_PAGES * (uint64_t)PAGE_SIZE)
/* The window's own page table, so that who has the window open can write there; and the guarded
 * area once more, whose tables a writable entry leads to here: mm/gate/. */
#define WINDOW_SELF (WINDOW_BASE + (PTES_PER_TABLE - 1) * (uint64_t)PAGE_SIZE)
#define WINDOW_GUARDED (WINDOW_BASE + (1ul << 30))
/* Two pages behind the APIC's, where the gate has tables that it writes. */
#define WINDOW_TABLES (WINDOW_APIC + PAGE_SIZE)
/* Boot CPU, once, before the other CPUs have a window. */
void window_apic_init(pa_t registers);
/* What a window root has there; PTE_NONE: nothing. */
pte_t window_apic_entry(void);
