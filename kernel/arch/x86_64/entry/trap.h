/* Where the entry code goes once the kernel's root is loaded: pointers that it fetches from struct
 * cpu. */
#pragma once

struct regs;

struct trap_handlers {
	void (*on_syscall)(void); /* syscall.asm */
	void (*on_user_trap)(struct regs *regs);
	void (*on_kernel_trap)(struct regs *regs);
	void (*on_paranoid_trap)(struct regs *regs); /* NMI, #DF, #MC, #DB */
	void (*on_leave)(void);                      /* debug builds: last thing before user mode */
};

extern const struct trap_handlers trap_handlers;

/* mm/gate/interrupted.asm, where each trap from ring 0 goes first; and trap.c, where it goes on. */
void gate_kernel_trap(struct regs *regs);
void gate_paranoid_trap(struct regs *regs);
void trap_from_kernel_handle(struct regs *regs);
