/* New kernel stacks, entering user mode, and the floating-point state. */
#pragma once

#include "arch/x86_64/cpu/registers.h"
#include "lib/status.h"
#include "lib/types.h"

/* Prepares a fresh kernel stack so that the first switch to it calls function(argument), which must
 * not return. Returns where it goes on. */
uint64_t context_prepare(uint64_t stack_top, void (*function)(void *), void *argument);

/* Leaves the kernel with these registers (at the top of the current thread's kernel stack, or
 * anywhere on it). */
_Noreturn void user_return(struct regs *regs);

/* Continues at function(argument) on the given stack, dropping the current one: the way out of a
 * broken stack. */
_Noreturn void context_restart(uint64_t stack_top, void (*function)(void *), void *argument);

/* For segments_clear (switch.h). */
void segments_load_empty(void);

/* FPU, SSE and AVX state. The area is 64-byte aligned, fpu_area_bytes long (at most FPU_AREA_MAX).
 */
enum { FPU_AREA_MAX = 1088 };
extern uint32_t fpu_area_bytes;
extern uint64_t fpu_components; /* what XSAVE saves, as in XCR0; 0: there is FXSAVE alone */
void fpu_init(void);            /* boot CPU: chooses what is saved */
void fpu_init_cpu(void);        /* each further CPU */
void fpu_area_init(
	void *area); /* the state a new program starts with: zero, default control words */
void fpu_save(void *area);
void fpu_load(const void *area);
