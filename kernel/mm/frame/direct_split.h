/*
 * directmap=2m: the large pages of the direct map, 2 MiB each, wherever that much RAM lies in a
 * row. Each has a page table of its own, reserved at boot, that takes its place while a frame in it
 * is hidden. So hiding allocates nothing and cannot fail.
 *
 *     hidden frames of the page   what its entry in the page directory says
 *     0                           the page
 *     1 to 512                    its table, in which the entries of hidden frames are empty
 *
 * The table never serves another page: a CPU that has cached where it lies may walk through it long
 * after a join, and finds what belongs there (docs/tlb.md).
 */
#pragma once

#include "arch/x86_64/cpu/paging.h"
#include "mm/frame/frame.h"

struct ram;

/* Boot: takes the tables for this memory; once the frame table is there, notes whose each is. */
void direct_split_reserve(const struct ram *ram);
void direct_split_note(void);
/* Pages that are whole now, and pages that are split; of all of these there are tables. */
void direct_split_count(uint64_t *nr_whole, uint64_t *nr_split);

/* The table of the large page that a frame lies in; PFN_NONE: it lies in none. */
pfn_t direct_split_table(pfn_t frame);

/* What the frame table keeps of such a table's page: its first frame, and how many frames hold it
 * split. */
static inline uint32_t direct_split_first(pfn_t table) { return frame_entry(table)->number; }
static inline unsigned direct_split_nr_held(pfn_t table) { return frame_entry(table)->nr_used; }

/* Where the page is, or the table. */
pte_t *direct_split_entry(pfn_t table);

/*
 * Writes the entries of frames in a row in the table's page, with the rights of `pte`, the first
 * one's. A downgrade that may split the page, or entries as the page has them, which may join it.
 * Returns how many frames hold the page split now and did not, or the other way round.
 */
uint32_t direct_split_write(pfn_t table, pfn_t first, uint32_t nr, pte_t pte);
