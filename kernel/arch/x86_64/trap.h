/* Where the entry code goes once the kernel's root is loaded: pointers that it fetches from struct
 * cpu. */
#pragma once

struct regs;

struct trap_handlers {
	void (*on_syscall)(struct regs *regs);
	void (*on_user_trap)(struct regs *regs);
	void (*on_kernel_trap)(struct regs *regs);
};

extern const struct trap_handlers trap_handlers;
