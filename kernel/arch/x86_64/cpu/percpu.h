/* How a CPU finds its own data: GS points at its entry page, and struct cpu starts one page further
 * on with its own address. */
#pragma once

#include "lib/types.h"

struct cpu;

enum { CPU_OFFSET = 4096 };
/* Where GS finds struct cpu_sealed: entry_area.h. */
enum { CPU_SEALED_OFFSET = 0x1c000 };

/* A word of this CPU's struct cpu, at a constant offset: one instruction, so it is the right CPU's.
 */
#define PERCPU_READ(offset)                                                                        \
	({                                                                                         \
		uint64_t percpu_value;                                                             \
		asm volatile("mov %%gs:%c1, %0"                                                    \
			     : "=r"(percpu_value)                                                  \
			     : "i"(CPU_OFFSET + (offset)));                                        \
		percpu_value;                                                                      \
	})

/* The same of 32 bits, and added to; a negative number is subtracted. */
#define PERCPU_READ32(offset)                                                                      \
	({                                                                                         \
		uint32_t percpu_value;                                                             \
		asm volatile("movl %%gs:%c1, %0"                                                   \
			     : "=r"(percpu_value)                                                  \
			     : "i"(CPU_OFFSET + (offset)));                                        \
		percpu_value;                                                                      \
	})
#define PERCPU_ADD32(offset, number)                                                               \
	asm volatile("addl %1, %%gs:%c0"                                                           \
		     :                                                                             \
		     : "i"(CPU_OFFSET + (offset)), "i"(number)                                     \
		     : "cc", "memory")
#define PERCPU_ADD64(offset, number)                                                               \
	asm volatile("addq %1, %%gs:%c0"                                                           \
		     :                                                                             \
		     : "i"(CPU_OFFSET + (offset)), "i"(number)                                     \
		     : "cc", "memory")

/* The same of its struct cpu_sealed. */
#define PERCPU_SEALED_READ(offset) PERCPU_READ(CPU_SEALED_OFFSET - CPU_OFFSET + (offset))

static inline struct cpu *percpu_self(void)
{
	struct cpu *self;

	/* volatile: the same code may go on on another CPU after a thread switch */
	asm volatile("mov %%gs:%c1, %0" : "=r"(self) : "i"(CPU_OFFSET));
	return self;
}
