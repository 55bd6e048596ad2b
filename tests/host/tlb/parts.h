/* What the parts of the simulated machine know of each other. */
#pragma once

#include "machine.h"

/* machine.c: this CPU's stores are all visible; a write to memory, which TLBs notice. */
void sim_barrier(void);
void sim_memory_write(tlb_word_t *word, uint64_t value);

/* translations.c: a user page's entry is about to be written. */
void sim_user_pte_write(const tlb_word_t *word, uint64_t value);
/* A kernel page directory's entry was: the table that it leads to is freed where it served before.
 */
void sim_kernel_pde_write(const tlb_word_t *word, uint64_t value);
/* The version by which this CPU would access a page: the present one, or the oldest cached. */
uint16_t sim_user_version(unsigned page, bool oldest);
/* everything that the CPU's loaded root translates gets cached. */
void sim_fill(struct sim_cpu *cpu);
/* This CPU loses what it has cached: all of a PCID, or what INVLPG and INVPCID remove. */
void sim_forget(unsigned pcid);
void sim_invlpg(uint64_t address);
void sim_invpcid_address(unsigned pcid, uint64_t address);
