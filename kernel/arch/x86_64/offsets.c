/* Structure offsets for the assembly files. Compiled to assembly only; a script turns the marked
 * lines into NASM equates. */
#include "arch/x86_64/registers.h"
#include "core/cpu.h"

#define OFFSET(name, value) asm volatile("\n->" #name " %c0" : : "i"(value))

void offsets(void);

void offsets(void)
{
	OFFSET(ENTRY_USER_RSP, offsetof(struct cpu_entry, user_rsp));
	OFFSET(CPU_STACK_TOP, CPU_OFFSET + offsetof(struct cpu, stack_top));
	OFFSET(CPU_ON_SYSCALL, CPU_OFFSET + offsetof(struct cpu, on.on_syscall));
	OFFSET(CPU_ON_USER_TRAP, CPU_OFFSET + offsetof(struct cpu, on.on_user_trap));
	OFFSET(CPU_ON_KERNEL_TRAP, CPU_OFFSET + offsetof(struct cpu, on.on_kernel_trap));
	OFFSET(REGS_RIP, offsetof(struct regs, rip));
	OFFSET(REGS_CS, offsetof(struct regs, cs));
	OFFSET(REGS_RFLAGS, offsetof(struct regs, rflags));
	OFFSET(REGS_RSP, offsetof(struct regs, rsp));
	OFFSET(REGS_VECTOR, offsetof(struct regs, vector));
	OFFSET(SELECTOR_USER_CODE, SELECTOR_USER_CODE);
	OFFSET(SELECTOR_USER_DATA, SELECTOR_USER_DATA);
	OFFSET(VECTOR_SYSCALL, VECTOR_SYSCALL);
	OFFSET(MSR_GS_BASE, MSR_GS_BASE);
}
