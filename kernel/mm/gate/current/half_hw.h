/*
 * What user_half.c needs of the machine beside mm/tlb/tlb_hw.h. Host tests put a simulated machine
 * behind the same names (tests/host/fake/mm/gate/half_hw.h).
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/tlb_insn.h"
#include "arch/x86_64/entry/descriptors.h"
#include "arch/x86_64/entry/entry_area.h"
#include "core/cpu.h"
#include "core/current.h"
#include "mm/gate/operations.h"

/* Full barrier. With ptprot=off nothing else keeps two processors apart. */
static inline void half_hw_raise(uint32_t root)
{
	__atomic_fetch_add(&gate_frame((pfn_t){ root + 1 })->number, 1, __ATOMIC_SEQ_CST);
}

/* Where the gate writes it. */
static inline struct current *half_hw_writable(const struct current *current)
{
	return (struct current *)((uint64_t)current + gate_distance);
}
/* Of any processor: empty, if it is this root's. */
static inline void half_hw_forget(struct user_slot *slot, uint32_t root)
{
	struct user_slot found = *slot;

	while (found.root == root &&
	       !__atomic_compare_exchange_n(&slot->word.value, &found.word.value, 0, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {}
}

/* The first word of the gate's stack: with ptprot=window what is loaded when it closes. */
static inline uint64_t *half_hw_caller_cr3(void)
{
	return (uint64_t *)PERCPU_SEALED_READ(offsetof(struct cpu_sealed, gate_stack_top)) - 1;
}
/* CR3 outside the gate, as MOV reads it. */
static inline uint64_t half_hw_cr3(void)
{
	return gate_in_force == ptprot_window ? *half_hw_caller_cr3() & ~CR3_NOFLUSH : cr3_value();
}
static inline void half_hw_load(cr3_t cr3)
{
	if (gate_in_force == ptprot_window) {
		*half_hw_caller_cr3() = cr3.value;
	} else {
		cr3_write(cr3);
	}
}

/* Does the way out load a shadow root? Not what ordinary memory says of that: which IDT the gate's
 * caller had. */
static inline bool half_hw_exit_loads(void)
{
	uint64_t gate_stack_top = (uint64_t)(half_hw_caller_cr3() + 1);
	struct table_pointer here;
	const struct table_pointer *idtr =
		(const struct table_pointer *)(gate_stack_top - GATE_IDTR_BELOW);

	if (!gate_is_shut()) {
		here = idtr_read();
		idtr = &here;
	}
	return idtr->base != ENTRY_AREA_BASE + ENTRY_IDT_OFFSET + kaiser_off * PAGE_SIZE;
}

/* One PCID, or more. With ptprot=window another root is loaded here. */
static inline void half_hw_flush_pcid(pcid_t pcid)
{
	if (pcid_is_on && cpu_features.invpcid && gate_in_force != ptprot_window) {
		insn_invpcid(INVPCID_PCID, pcid, 0);
	} else {
		gate_flush_everything();
	}
}
static inline bool half_hw_can_flush_pages(void) { return !pcid_is_on || cpu_features.invpcid; }
static inline void half_hw_flush_page_of(pcid_t pcid, uint64_t page)
{
	if (pcid_is_on) {
		insn_invpcid(INVPCID_ADDRESS, pcid, page);
	} else {
		insn_invlpg(page);
	}
}
