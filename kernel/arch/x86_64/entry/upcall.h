/* The only functions that arch calls upward. Interrupts are off in all of them. */
#pragma once

#include "arch/x86_64/cpu/registers.h"
#include "lib/types.h"

/* First thing after an exception or interrupt from user mode, the mode is set: catches up with TLB
 * generations, remembers the registers. task/sched/thread.c */
void upcall_user_trap(struct regs *regs);
/* Debug builds: a page-table entry became stricter; it belongs to the user half or the kernel's.
 * mm/tlb/tlb_debt.assert.c */
void upcall_entry_stricter(const uint64_t *slot, bool is_user);
/* switch.asm: first thing in a new thread: what the switch to it did; and one that was refused.
 * task/sched/sched.c, mm/gate/gate.c */
void upcall_thread_begins(unsigned did);
_Noreturn void upcall_switch_refused(uint64_t result, uint64_t stack);
/* Last thing before user mode, debug builds: the oracle looks at exit_cr3. mm/tlb/tlb.c */
void upcall_leave_check(void);
/* Debug builds: a system call of this number, or a trap from user mode, begins; last thing before
 * user mode. task/sched/budget.c */
void upcall_budget_call(uint64_t number);
void upcall_budget_trap(void);
void upcall_budget_interrupt(void);
void upcall_budget_leave(void);
/*
 * Debug builds: the latest generation of the kernel half, read once the mode is set and before the
 * entry looks at it; and that this CPU has seen it, and says that it is in the kernel. mm/tlb/tlb.c
 */
uint64_t upcall_tlb_newest(void);
void upcall_tlb_assert_seen(uint64_t generation);
/* The same of a system call, from syscall.asm, with cpu->newest_at_entry. */
_Noreturn void upcall_syscall_stale(void);
/* Around what interrupts ring 0, the idle loop for one, for the TLB generations: leave takes what
 * enter returned. mm/tlb/tlb.c */
unsigned upcall_trap_enter(void);
void upcall_trap_leave(unsigned mode_before);
/* Where no other root than this CPU's window root has the APIC's registers: loads it; and what was
 * loaded before, as it returned. mm/frame/window.c */
uint64_t upcall_apic_open(void);
void upcall_apic_close(uint64_t before);
/* A fault in the middle of the gate: panics. mm/gate/begin.c */
void upcall_gate_fault(const struct regs *regs);
/* For assertions: no handler runs with the gate open. With ptprot=window it is the window that is
 * open, and others have it open, too: nothing is said of that. mm/gate/begin.c */
bool upcall_gate_is_closed(void);
/* One that the program's policy forbids; returns its result. task/authority/policy_tables.c */
int64_t upcall_syscall_refused(uint64_t row);
/* One of a member of an attack. task/authority/watched_calls.c */
void upcall_syscall_watched(uint64_t row);
/* Exceptions: from user mode, the IRET to it included, and from the kernel. task/fault/fault.c */
void upcall_user_page_fault(const struct regs *regs);
void upcall_user_exception(const struct regs *regs);
void upcall_kernel_exception(struct regs *regs);
/* Timer tick on this CPU, and device lines 0 to 15 of the 8259. task/sched/irq.c */
void upcall_timer(void);
void upcall_irq(unsigned line);
/* Another CPU made a thread ready for this one; an interrupt that nobody asked for.
 * task/sched/irq.c */
void upcall_reschedule(void);
void upcall_spurious(void);
/* Another CPU wants the world to stop. task/sched/irq.c */
void upcall_rendezvous(void);
/* What a CPU that waits in a rendezvous looks at has changed. task/sched/irq.c */
void upcall_wake(void);
/* Last stop before user mode: reschedule, die when killed. What comes back leaves by IRET.
 * task/sched/sched.c */
void upcall_user_return(void);
/* Requests to this CPU for TLB work: mm/tlb/tlb.c */
void upcall_tlb_request(void);
