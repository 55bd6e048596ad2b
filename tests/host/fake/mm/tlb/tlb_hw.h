/*
 * The hardware interface of kernel/mm/tlb/tlb_hw.h, whose comments are its contract, with the
 * simulated machine of tests/host/tlb/machine.c behind it: every call that other CPUs could notice
 * is a step of the schedule.
 */
#pragma once

#include "arch/x86_64/cpu/cr3.h"
#include "core/cpu.h"
#include "core/current.h"
#include "mm/gate/current/switch.h"
#include "mm/tlb/as_tlb.h"

unsigned tlb_hw_cpu_id(void);
unsigned tlb_hw_nr_cpus(void);
struct tlb_cpu *tlb_hw_cpu(unsigned id);
struct tlb_cpu *tlb_hw_self(void);
tlb_word_t *tlb_hw_mode(unsigned id);

uint64_t tlb_hw_read(const tlb_word_t *word);
void tlb_hw_write(tlb_word_t *word, uint64_t value);
static inline void tlb_hw_write_entry(tlb_word_t *entry, uint64_t value)
{
	tlb_hw_write(entry, value);
}
uint64_t tlb_hw_add(tlb_word_t *word, uint64_t addend);
uint64_t tlb_hw_exchange(tlb_word_t *word, uint64_t value);

bool tlb_hw_has_pcid(void);
bool tlb_hw_has_invpcid(void);

bool tlb_hw_is_gated(void);
uint64_t tlb_hw_gate_newest(void);
uint64_t tlb_hw_gate_seen(unsigned id);
uint64_t tlb_hw_gate_downgrade(void);
uint64_t tlb_hw_gate_flush(void);
void tlb_hw_raise(tlb_word_t *word, uint64_t value);

const struct current *tlb_hw_current_of(unsigned id);
const struct current *tlb_hw_current(void);
struct current *tlb_hw_own_current(void);
uint32_t tlb_hw_boot_root(void);
uint32_t tlb_hw_generation(uint32_t root);
void tlb_hw_switch(const struct as_tlb *to);
static inline void tlb_hw_note_load(unsigned did) { (void)did; }
void tlb_hw_settle(void);
void tlb_hw_flush_all(void);
void tlb_hw_flush_pcid(pcid_t pcid);
void tlb_hw_flush_page(uint64_t address);
void tlb_hw_flush_page_of(pcid_t pcid, uint64_t address);
static inline void tlb_hw_note_steerable(bool is_steerable) { (void)is_steerable; }
static inline void tlb_hw_note_user_generation(uint32_t root) { (void)root; }
static inline void tlb_hw_note_exit(void) {}

static inline void tlb_hw_note_downgrade(uint64_t generation) { (void)generation; }
static inline void tlb_hw_note_complete(uint64_t generation) { (void)generation; }
static inline void tlb_hw_note_weak_flush(void) {}
static inline void tlb_hw_note_user_flush(pa_t root, uint64_t start, uint64_t end)
{
	(void)root;
	(void)start;
	(void)end;
}
static inline void tlb_hw_assert_no_debt(void) {}

void tlb_hw_send_ipi(unsigned id);
void tlb_hw_relax(void);
void tlb_hw_count_round(void);
void tlb_hw_count_ipi(void);
