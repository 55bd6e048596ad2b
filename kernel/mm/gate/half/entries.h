/* In the gate: what an entry of a page table may become. */
#pragma once

#include "mm/gate/operations.h"
#include "mm/table/policy.h"

/* The bits of an entry that name a frame: numbers have 32. */
#define FRAME_NUMBER_BITS ((uint64_t)UINT32_MAX << PAGE_SHIFT)

/* May a leaf of the kernel half be this? It shows frames that belong there, with no more rights
 * than policy.def has for what they are. */
bool kernel_leaf_is_right(pte_t pte, uint64_t address, unsigned level);
/* May the one become the other? The frame that comes is noted. enum gate_refusal. */
uint64_t kernel_leaf_change(const struct place *place, pte_t old, pte_t new);
/* The entry is written: the frame that went is noted. */
void kernel_leaf_went(const struct place *place, pte_t old, pte_t new);
