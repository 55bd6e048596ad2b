/*
 * Page-table walking in any root, through the direct map. Walkers never flush; whoever makes an
 * entry stricter does.
 */
#pragma once

#include "arch/x86_64/paging.h"
#include "lib/status.h"
#include "lib/types.h"

extern pfn_t kernel_root; /* the kernel half that every root copies; user half empty */

/* PTE_NO_EXECUTE where the CPU has it, else 0. */
uint64_t ptable_nx(void);

/* The entry for an address at a level (1: 4 KiB, 2: 2 MiB); NULL when a table above is missing or a
 * larger page is there. */
pte_t *ptable_entry(pfn_t root, uint64_t address, unsigned level);

/* As above, missing tables are made (owner PTABLE, zeroed). A larger page in the way is our own
 * error. ENOMEM. */
status_t ptable_entry_create(pfn_t root, uint64_t address, unsigned level, pte_t **out) MUST_CHECK;

/* The leaf that translates an address, or the first entry on the way that is not present. *level,
 * if wanted: where it stands. */
pte_t ptable_lookup(pfn_t root, uint64_t address, unsigned *level);

/* Maps one page in the kernel half, where nothing is mapped. ENOMEM. */
status_t ptable_map_kernel(uint64_t address, pfn_t frame, uint64_t flags) MUST_CHECK;

/* Frees the tables of the user half; no leaf may be left. */
void ptable_free_user(pfn_t root);
