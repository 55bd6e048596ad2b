/*
 * The entry code's sets of stubs, one per variant of KAISER. The text is in the image and, where it
 * runs, in the entry area; offsets are from its first byte.
 */
#pragma once

#include "arch/x86_64/cpu/registers.h"

struct entry_set {
	uint32_t syscall;       /* LSTAR */
	uint32_t leave_syscall; /* by SYSRET */
	uint32_t leave_trap;    /* by IRET */
	uint32_t stubs[NR_VECTORS];
};

enum { NR_ENTRY_SETS = 3 };
extern const struct entry_set entry_sets[NR_ENTRY_SETS]; /* by enum option_kaiser; entry.asm */

/* The text in the image, whole pages; linker.ld. */
extern char entry_text_start[], entry_text_end[];

/* In that text: what user mode's RFLAGS may have set. Sealed with the image. */
extern const uint64_t entry_user_rflags;

/* syscall.asm: what the sets lead to. */
void syscall_main(void);
void syscall_refused(void);
void syscall_watched(void);
void syscall_leave_slowly(void);

struct regs;
/* What the entry code left out of the registers of the current system call: what SYSRET does not
 * need. */
void syscall_regs_complete(struct regs *regs);
