/*
 * Torture of the kernel's entry paths: pieces of code that enter it in odd ways. Each must end the
 * task that did it, or do no harm, and the machine must be sound afterwards.
 */
#pragma once

#include <stdint.h>

#include "child.h"

/* What a piece may end in: a set of these. */
enum { LIVES = 1 }; /* it returns 0 */
#define DIES(signal) (1u << (signal))
#define LIVES_IN_TCG (1u << 31) /* where QEMU's code generator makes nothing of it */

struct torture {
	const char *name; /* a sentence's subject: "a step over SYSCALL" */
	child_body body;
	uintptr_t argument;
	uint32_t ends;
};

/* A body that is nothing but these instructions, with the argument in rdi; it returns eax. */
#define NAKED(name, text)                                                                          \
	__attribute__((naked)) static int name(void *argument __attribute__((unused)))             \
	{                                                                                          \
		__asm__(text);                                                                     \
	}

/* Pieces for NAKED. These flags on; all of them as they should be. Neither may see rsp changed. */
#define FLAGS_ON(bits) "pushfq\n orq $" #bits ", (%rsp)\n popfq\n"
#define FLAGS_USUAL "pushq $0x202\n popfq\n"
#define RETURN_0 "xor %eax, %eax\n ret\n"

/* Blocks. Each in a process of its own; one test each. Caller is root. */
void torture_run(const struct torture *pieces, unsigned int nr);
/* One such piece: whether it ended as it may. */
bool torture_ends_well(const struct torture *piece);
/*
 * What must hold afterwards, as tests: on every processor calls work, memory can be filled in and
 * the FS base is ours, and the audit finds nothing.
 */
void torture_check_machine(void);
