/* How a CPU finds its own data: GS points at its entry page, and struct cpu starts one page further
 * on with its own address. */
#pragma once

struct cpu;

enum { CPU_OFFSET = 4096 };

static inline struct cpu *percpu_self(void)
{
	struct cpu *self;

	/* volatile: the same code may go on on another CPU after a thread switch */
	asm volatile("mov %%gs:%c1, %0" : "=r"(self) : "i"(CPU_OFFSET));
	return self;
}
