/* The only functions that arch calls upward. Interrupts are off in all of them. */
#pragma once

#include "arch/x86_64/registers.h"

/* First and last thing between user mode and the kernel, for the TLB generations. mm/tlb.c */
void upcall_kernel_enter(void);
void upcall_kernel_leave(void);
/* The same around what interrupts ring 0, the idle loop for one: leave takes what enter returned.
 */
unsigned upcall_trap_enter(void);
void upcall_trap_leave(unsigned mode_before);
/* System call from user mode: regs->error is the number, rdi rsi rdx r10 r8 r9 the arguments; sets
 * regs->rax. task/syscall.c */
void upcall_syscall(struct regs *regs);
/* Exception from user mode or, not handled otherwise, from the kernel. task/fault.c */
void upcall_exception(struct regs *regs);
/* Timer tick on this CPU, and device lines 0 to 15 of the 8259. task/irq.c */
void upcall_timer(void);
void upcall_irq(unsigned line);
/* Another CPU made a thread ready for this one; an interrupt that nobody asked for. task/irq.c */
void upcall_reschedule(void);
void upcall_spurious(void);
/* Another CPU wants the world to stop. task/irq.c */
void upcall_rendezvous(void);
/* Last stop before user mode: reschedule, die when killed. task/sched.c */
void upcall_user_return(struct regs *regs);
/* Requests to this CPU for TLB work: mm/tlb.c */
void upcall_tlb_request(void);
