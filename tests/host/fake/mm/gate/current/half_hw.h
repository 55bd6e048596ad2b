/*
 * The interface of kernel/mm/gate/current/half_hw.h, with the simulated machine of
 * tests/host/tlb/machine.h behind it.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "core/current.h"
#include "mm/table/cr3_load.h"
#include "mm/tlb/tlb_hw.h"

void half_hw_raise(uint32_t root);
static inline struct current *half_hw_writable(const struct current *current)
{
	return (struct current *)current;
}
void half_hw_forget(struct user_slot *slot, uint32_t root);
static inline uint64_t half_hw_cr3(void) { return cr3_value(); }
static inline void half_hw_load(cr3_t cr3) { cr3_load(cr3); }
bool half_hw_exit_loads(void);
static inline void half_hw_flush_pcid(pcid_t pcid) { tlb_hw_flush_pcid(pcid); }
bool half_hw_can_flush_pages(void);
void half_hw_flush_page_of(pcid_t pcid, uint64_t page);
