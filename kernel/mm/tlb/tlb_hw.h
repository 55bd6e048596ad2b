/*
 * All that the TLB logic (tlb.c, ktlb.c, as_tlb.c, gate/user_half.c) needs of the machine. Host
 * tests put a simulated machine behind the same names (tests/host/fake/mm/tlb_hw.h).
 *
 * Memory order is that of x86: a CPU's stores become visible in order, but later than its following
 * loads; the functions marked "full barrier" wait until all earlier stores are visible.
 * Instructions that flush are full barriers.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "arch/x86_64/cpu/features.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/cpu/tlb_insn.h"
#include "arch/x86_64/smp/apic.h"
#include "core/cpu.h"
#include "lib/assert.h"
#include "mm/gate/gate.h"
#include "mm/table/cr3_load.h"
#include "mm/table/kaiser.h"
#include "mm/table/ptable.h"
#include "mm/tlb/as_tlb.h"
#include "mm/tlb/tlb_debt.h"

/* CPUs: ids from 0 up; those below nr_cpus publish their state. */
static inline unsigned tlb_hw_cpu_id(void) { return this_cpu()->id; }
static inline unsigned tlb_hw_nr_cpus(void) { return __atomic_load_n(&nr_cpus, __ATOMIC_ACQUIRE); }
static inline struct tlb_cpu *tlb_hw_cpu(unsigned id) { return &cpus[id]->tlb; }
static inline struct tlb_cpu *tlb_hw_self(void) { return &this_cpu()->tlb; }
static inline tlb_word_t *tlb_hw_mode(unsigned id) { return &cpus[id]->entry->mode; }

/* Shared words. */
static inline uint64_t tlb_hw_read(const tlb_word_t *word)
{
	return __atomic_load_n(&word->value, __ATOMIC_ACQUIRE);
}

static inline void tlb_hw_write(tlb_word_t *word, uint64_t value)
{
	__atomic_store_n(&word->value, value, __ATOMIC_RELEASE);
}

/* An entry of a page table. */
static inline void tlb_hw_write_entry(tlb_word_t *entry, uint64_t value)
{
	pte_store((pte_t *)entry, (pte_t){ value });
}

/* Full barrier. Returns the new value. */
static inline uint64_t tlb_hw_add(tlb_word_t *word, uint64_t addend)
{
	return __atomic_add_fetch(&word->value, addend, __ATOMIC_SEQ_CST);
}

/* Full barrier. Returns the old value. */
static inline uint64_t tlb_hw_exchange(tlb_word_t *word, uint64_t value)
{
	return __atomic_exchange_n(&word->value, value, __ATOMIC_SEQ_CST);
}

/* What the CPUs can do. */
static inline bool tlb_hw_has_pcid(void) { return pcid_is_on; }
static inline bool tlb_hw_has_invpcid(void) { return cpu_features.invpcid; }

/* Who runs here: the gate's words, and, with ptprot=off, where to write them. */
static inline const struct current *tlb_hw_current(void) { return current_here(); }
static inline struct current *tlb_hw_own_current(void) { return (struct current *)current_here(); }
static inline const struct current *tlb_hw_current_of(unsigned id) { return gate_current(id); }
static inline uint32_t tlb_hw_boot_root(void) { return kernel_root.pfn; }

/* Of a root's user half: it lies in the word of the shadow root's frame. */
static inline uint32_t tlb_hw_generation(uint32_t root)
{
	return __atomic_load_n(&frame_entry((pfn_t){ root + 1 })->number, __ATOMIC_ACQUIRE);
}

/* For the oracle: of the root that is in use, whose PCIDs hold nothing older than its slot says. */
static inline void tlb_hw_note_load(unsigned did)
{
	const struct current *current = current_here();
	uint32_t generation = current->slots[current->slot].generation;

	if (did & SWITCH_LOADED) {
		COUNT(cr3_loads);
	}
	if (!ASSERTIONS) {
		return;
	}
	if (did & SWITCH_FLUSHED) {
		cr3_oracle_forget(cr3_pcid(current->exit_cr3));
	}
	cr3_oracle_check(did & SWITCH_FLUSHED ? cr3_flushing(current->kernel_cr3)
					      : current->kernel_cr3,
			 current->root == kernel_root.pfn ? 0 : generation);
}

/* The address space (NULL: none) is in use here: stack_switch_here of mm/gate/current/switch.h.
 * Full barrier. */
static inline void tlb_hw_switch(const struct as_tlb *to)
{
	tlb_hw_note_load(stack_switch_here(to ? 0 : SWITCH_TO_KERNEL));
}

/* The root in use is loaded, and flushed if it is stale. */
static inline void tlb_hw_settle(void) { tlb_hw_note_load(stack_settle()); }

/* Flushes everything, under every PCID. */
static inline void tlb_hw_flush_all(void)
{
	if (!tlb_hw_has_pcid()) {
		cr3_reload();
		COUNT(cr3_loads);
	} else if (tlb_hw_has_invpcid()) {
		insn_invpcid(INVPCID_ALL_AND_GLOBAL, (pcid_t){ 0 }, 0);
	} else {
		insn_toggle_pge();
	}
	cr3_oracle_forget_all();
	COUNT(full_flushes);
}

/*
 * With ptprot the gate keeps the generations of the kernel half (mm/gate/kernel/generations.c):
 * what counts is protected memory, and ktlb_newest and tlb_cpu.seen are hints for the ways in.
 */
static inline bool tlb_hw_is_gated(void) { return gate_in_force != ptprot_off; }
static inline uint64_t tlb_hw_gate_newest(void) { return generation_newest(); }
static inline uint64_t tlb_hw_gate_seen(unsigned id) { return generation_seen(id); }
/* Full barrier. Returns the new generation. */
static inline uint64_t tlb_hw_gate_downgrade(void) { return generation_draw(); }
/* Flushes everything. Returns the generation before that, which this CPU has seen now. */
static inline uint64_t tlb_hw_gate_flush(void)
{
	uint64_t generation = generation_flush();

	cr3_oracle_forget_all();
	COUNT(full_flushes);
	return generation;
}
/* A word that only rises. */
static inline void tlb_hw_raise(tlb_word_t *word, uint64_t value)
{
	uint64_t before = tlb_hw_read(word);

	while (before < value && !__atomic_compare_exchange_n(&word->value, &before, value, false,
							      __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE)) {
	}
}

/* Flushes one page under the loaded PCID. */
static inline void tlb_hw_flush_page(uint64_t address)
{
	insn_invlpg(address);
	COUNT(invlpg);
	if (ASSERTIONS) {
		tlb_debt_page_flushed(address);
	}
}

/* For the oracle: if that root is in use here, its PCIDs hold nothing older than its slot says. The
 * way out is about to load what it will. */
static inline void tlb_hw_note_user_generation(uint32_t root)
{
	const struct current *current = current_here();

	if (ASSERTIONS && current->root == root) {
		uint32_t generation = current->slots[current->slot].generation;

		cr3_oracle_raise(cr3_pcid(current->kernel_cr3), generation);
		cr3_oracle_raise(cr3_pcid(current->exit_cr3), generation);
	}
}
static inline void tlb_hw_note_exit(void)
{
	const struct current *current = current_here();

	if (ASSERTIONS && current->root != kernel_root.pfn) {
		cr3_oracle_check(current->exit_cr3, current->slots[current->slot].generation);
	}
}

/*
 * For the debts of debug builds: a kernel downgrade got its generation; no CPU can use what it
 * removed; what this CPU hid stays usable, as the variant has it. A user half was brought up to
 * date on every CPU.
 */
static inline void tlb_hw_note_downgrade(uint64_t generation)
{
	if (ASSERTIONS) {
		tlb_debt_downgraded(generation);
	}
}
static inline void tlb_hw_note_complete(uint64_t generation)
{
	if (ASSERTIONS) {
		tlb_debt_completed(generation);
	}
}
static inline void tlb_hw_note_weak_flush(void)
{
	if (ASSERTIONS) {
		tlb_debt_waive();
	}
}
static inline void tlb_hw_note_user_flush(pa_t root, uint64_t start, uint64_t end)
{
	if (ASSERTIONS) {
		tlb_debt_user_flushed(root, start, end);
	}
}
/* This CPU owes nothing. */
static inline void tlb_hw_assert_no_debt(void) { tlb_debt_assert_none(); }

/* BUILD=pcid: this CPU has caught up on its way in, or is about to leave; before others can tell.
 */
static inline void tlb_hw_note_steerable(bool is_steerable) { TLB_PORT(stands, is_steerable); }

/* Interrupts another CPU; it calls tlb_poll when it takes the interrupt. */
static inline void tlb_hw_send_ipi(unsigned id)
{
	COUNT(ipis_sent);
	apic_send_ipi(cpus[id]->apic_id, VECTOR_TLB);
}

/* One turn of a waiting loop. */
static inline void tlb_hw_relax(void) { cpu_relax(); }

/* A wait for other CPUs begins. */
static inline void tlb_hw_count_round(void) { COUNT(shootdown_rounds); }
/* This CPU takes the interrupt. */
static inline void tlb_hw_count_ipi(void) { COUNT(ipis_received); }
