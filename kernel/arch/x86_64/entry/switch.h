/* What a switch between two threads has of its own: kernel stacks, FPU state, segment registers. */
#pragma once

#include "arch/x86_64/entry/context.h"
#include "lib/types.h"

/*
 * Another of the kernel's stacks goes on, whose owner is current from then on, in the address space
 * that its entry of credentials names: gate_switch, by the way that is in force. slot: where that
 * one's translations may be. Returns, as the stack that is left goes on, enum switch_did of that.
 *
 * *load becomes 0, as that stack is in use. Stores the stack pointer of this stack in *save: that
 * is the last that it has to do with, and who sees it may run it on another CPU. The registers that
 * a function keeps for its caller are lost, so that the compiler saves those that it needs.
 */
static inline __attribute__((always_inline)) uint64_t context_switch(uint64_t *save, uint64_t *load,
								     uint32_t stack, uint32_t slot)
{
	uint64_t to = stack, did;

	*load = 0;
	asm volatile("push %%rbp\n\t"
		     "call context_continue\n\t"
		     "pop %%rbp"
		     : "=a"(did), "+b"(save), "+D"(to), "+d"(slot)
		     :
		     : "rcx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc",
		       "memory");
	return did;
}

/* Intel SDM vol. 1, "Managing State Using the XSAVE Feature Set". */
static inline void fpu_switch(uint8_t save[FPU_AREA_MAX], const uint8_t load[FPU_AREA_MAX])
{
	struct area {
		uint8_t bytes[FPU_AREA_MAX];
	};
	struct area *to = (struct area *)save;
	const struct area *from = (const struct area *)load;

	if (LIKELY(fpu_components)) {
		asm volatile("xsave64 %0\n\t"
			     "xrstor64 %1"
			     : "+m"(*to)
			     : "m"(*from), "a"((uint32_t)fpu_components), "d"(0));
	} else {
		asm volatile("fxsave64 %0\n\t"
			     "fxrstor64 %1"
			     : "+m"(*to)
			     : "m"(*from));
	}
}

/*
 * Empties the data segment registers, which user mode may have loaded: the next thread must not see
 * them. Reading them is far cheaper than loading them. The FS base is undefined afterwards.
 */
static inline void segments_clear(void)
{
	union {
		uint16_t selectors[4];
		uint64_t all;
	} loaded;

	asm volatile("mov %%ds, %0\n\t"
		     "mov %%es, %1\n\t"
		     "mov %%fs, %2\n\t"
		     "mov %%gs, %3"
		     : "=m"(loaded.selectors[0]), "=m"(loaded.selectors[1]),
		       "=m"(loaded.selectors[2]), "=m"(loaded.selectors[3]));
	if (UNLIKELY(loaded.all)) {
		segments_load_empty();
	}
}
