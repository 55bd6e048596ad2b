/*
 * Every register holds a marker, something happens, and they are compared: what a way into the
 * kernel and back must leave alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "torture.h"

enum register_index {
	RAX,
	RBX,
	RCX,
	RDX,
	RSI,
	RDI,
	RBP,
	RSP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	FLAGS,
	SELECTORS, /* ds, es, fs, gs, 16 bits each */
	NR_REGISTERS,
};

/* The arithmetic flags, and interrupts on. */
enum { FLAGS_ARITHMETIC = 0x8d5, FLAGS_SET = 0x8d7 | 0x200 };
#define REGISTER_BIT(reg) (1u << (reg))
#define REGISTERS_OF_SYSCALL (REGISTER_BIT(RAX) | REGISTER_BIT(RCX) | REGISTER_BIT(R11))

extern uint64_t registers_before[NR_REGISTERS], registers_after[NR_REGISTERS];
extern uint8_t float_before[512], float_after[512]; /* as FXSAVE writes them */

/* A marker into each of `before`, the stack pointer too; the x87 full of them. */
void registers_fill(void);
/* True where `after` is as `before`, but for this set of registers, and holds no kernel address. */
bool registers_are_kept(uint32_t may_change);
bool float_is_kept(void);

/*
 * A body with this name: `before` into all registers, the instructions, all registers into `after`.
 * The instructions have no stack.
 */
#define REGISTERS_ACROSS(name, instructions)                                                       \
	NAKED(name, REGISTERS_SAVE REGISTERS_LOAD instructions REGISTERS_STORE REGISTERS_RESTORE   \
			    RETURN_0)

#define REGISTERS_EACH(what)                                                                       \
	what(rax, 0) what(rbx, 1) what(rcx, 2) what(rdx, 3) what(rsi, 4) what(rdi, 5) what(rbp, 6) \
		what(rsp, 7) what(r8, 8) what(r9, 9) what(r10, 10) what(r11, 11) what(r12, 12)     \
			what(r13, 13) what(r14, 14) what(r15, 15)
#define REGISTERS_LOAD_ONE(reg, at) "mov registers_before + 8 * " #at "(%rip), %" #reg "\n"
#define REGISTERS_STORE_ONE(reg, at) "mov %" #reg ", registers_after + 8 * " #at "(%rip)\n"
#define REGISTERS_SAVE                                                                             \
	"push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"                  \
	"mov %rsp, registers_own_stack(%rip)\n fxsave float_own(%rip)\n"
#define REGISTERS_LOAD_FLOAT                                                                       \
	"fxrstor float_before(%rip)\n pushq registers_before + 8 * 16(%rip)\n popfq\n"
#define REGISTERS_LOAD REGISTERS_LOAD_FLOAT REGISTERS_EACH(REGISTERS_LOAD_ONE)
#define REGISTERS_STORE                                                                            \
	REGISTERS_EACH(REGISTERS_STORE_ONE)                                                        \
	"mov registers_own_stack(%rip), %rsp\n pushfq\n popq registers_after + 8 * 16(%rip)\n"     \
	"fxsave float_after(%rip)\n mov %ds, registers_after + 8 * 17(%rip)\n"                     \
	"mov %es, registers_after + 8 * 17 + 2(%rip)\n"                                            \
	"mov %fs, registers_after + 8 * 17 + 4(%rip)\n"                                            \
	"mov %gs, registers_after + 8 * 17 + 6(%rip)\n"
#define REGISTERS_RESTORE                                                                          \
	"fxrstor float_own(%rip)\n pushq $0x202\n popfq\n"                                         \
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"
