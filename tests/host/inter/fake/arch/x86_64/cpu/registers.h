/* kernel/arch/x86_64/cpu/registers.h for the machine of tests/host/inter/: what it does to a
 * processor is done to a simulated one. */
#pragma once

#define msr_write hardware_msr_write
#define tsc_read hardware_tsc_read
#define interrupts_admit hardware_interrupts_admit
#define cpu_relax hardware_cpu_relax
#define word_add hardware_word_add
#define word_subtract hardware_word_subtract
#include_next "arch/x86_64/cpu/registers.h"
#undef msr_write
#undef tsc_read
#undef interrupts_admit
#undef cpu_relax
#undef word_add
#undef word_subtract

static inline void msr_write(enum msr msr, uint64_t value)
{
	(void)msr;
	(void)value;
}

/* Stands still: how long something ran is no part of a state. */
static inline uint64_t tsc_read(void) { return 0; }
static inline void word_add(uint64_t *word, uint64_t value) { *word += value; }
static inline void word_subtract(uint64_t *word, uint64_t value) { *word -= value; }
static inline void cpu_relax(void) {}

void interrupts_admit(void);
