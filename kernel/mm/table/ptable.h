/*
 * Page-table walking in any root, through the direct map. Walkers never flush; whoever makes an
 * entry stricter does.
 */
#pragma once

#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/paging.h"
#include "lib/status.h"
#include "lib/types.h"

extern pfn_t kernel_root; /* the kernel half that every root copies; user half empty */

/*
 * Set in the kernel root's top-level entries of the user half, and not in the shadow root's: 0, or
 * PTE_NO_EXECUTE while KAISER is on. kaiser.c
 */
extern uint64_t ptable_user_slot_flags;
/* Applies a change of it. All other CPUs are stopped. */
void ptable_user_slots_update(pfn_t root);

/* The one entry that the kernel half of shadow roots has, and where. */
extern pte_t ptable_shadow_entry;
extern unsigned ptable_shadow_index;
/* Boot, once: what the kernel half of all shadow roots is, the top-level entry of this address. */
void ptable_shadow_init(pfn_t shadow_template, uint64_t address);

/* PTE_NO_EXECUTE where the CPU has it, else 0. */
static inline uint64_t ptable_nx(void) { return cpu_features.nx ? PTE_NO_EXECUTE : 0; }

/* The entry for an address at a level (1: 4 KiB, 2: 2 MiB); NULL when a table above is missing or a
 * larger page is there. */
pte_t *ptable_entry(pfn_t root, uint64_t address, unsigned level);

/* As above, missing tables are made (owner PTABLE, zeroed). A larger page in the way is our own
 * error. ENOMEM; EFAULT: the gate has them belong elsewhere. */
status_t ptable_entry_create(pfn_t root, uint64_t address, unsigned level, pte_t **out) MUST_CHECK;

/* The leaf that translates an address, or the first entry on the way that is not present. *level,
 * if wanted: where it stands. */
pte_t ptable_lookup(pfn_t root, uint64_t address, unsigned *level);

/* The first address behind what the entry at which the lookup of this address ends stands for:
 * where to go on when there is nothing here. */
uint64_t ptable_skip(pfn_t root, uint64_t address);

/*
 * Takes the page table for an address out of the kernel half when it is empty. It may be freed when
 * no CPU can walk it any more: after ktlb_shootdown_sync. A generation that is complete is not
 * enough, as a CPU outside the kernel may still walk what it has cached. False: there is none, or
 * it is not empty.
 */
bool ptable_detach(pfn_t root, uint64_t address, pfn_t *table);
void ptable_table_free(pfn_t table);

/* Maps one page in the kernel half, where nothing is mapped. ENOMEM. */
status_t ptable_map_kernel(uint64_t address, pfn_t frame, uint64_t flags) MUST_CHECK;

/*
 * A pair of roots, kernel then shadow, 8 KiB aligned: the kernel half filled in, the user half
 * empty. ENOMEM. On the way back the user half must be empty again.
 */
status_t ptable_root_create(pfn_t *root) MUST_CHECK;
void ptable_root_destroy(pfn_t root);

/*
 * For a root that no CPU will load again. Frees all tables of the user half; no leaf is left. In
 * pieces: *nr_left is about how many entries may be looked at, 384 at least, and counted down.
 * False: there are more.
 */
bool ptable_free_user(pfn_t root, unsigned *nr_left) MUST_CHECK;
