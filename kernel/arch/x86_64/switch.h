/* The switch between two kernel stacks. */
#pragma once

#include "arch/x86_64/percpu.h"
#include "lib/types.h"

/*
 * Stores the stack pointer of this stack in *save and continues on the other one, whose pointer
 * *load is; it becomes 0, as the stack is in use. The store to *save is the last that the old stack
 * has to do with: who sees it may run that stack on another CPU. The registers that a function
 * keeps for its caller are lost, so that the compiler saves those that it needs.
 */
static inline __attribute__((always_inline)) void context_switch(uint64_t *save, uint64_t *load)
{
	asm volatile("push %%rbp\n\t"
		     "call context_continue\n\t"
		     "pop %%rbp"
		     : "+D"(save), "+S"(load)
		     :
		     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		       "r15", "cc", "memory");
}
