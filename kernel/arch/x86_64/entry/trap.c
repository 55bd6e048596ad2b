/* From the entry code to the upcalls, by vector. */
#include "arch/x86_64/entry/trap.h"

#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/cpu/rflags.h"
#include "arch/x86_64/cpu/tlb_port.h"
#include "arch/x86_64/device/pic.h"
#include "arch/x86_64/entry/entry_set.h"
#include "arch/x86_64/entry/upcall.h"
#include "arch/x86_64/smp/apic.h"
#include "lib/assert.h"

/* For BUILD=pcid, before anything is flushed. */
static void note_fault(const struct regs *regs)
{
	if (PCID_IS_SIMULATED && regs->vector == VECTOR_PAGE_FAULT) {
		TLB_PORT(fault, align_down(~cr2_read(), PAGE_SIZE) | regs->error);
	}
}

/* Vectors of the processor itself; those above come from devices and other CPUs. */
enum { NR_EXCEPTIONS = 32, NR_PIC_LINES = 16 };

static void interrupt_dispatch(const struct regs *regs)
{
	unsigned line = (unsigned)regs->vector - VECTOR_IRQ_BASE;

	if (line < NR_PIC_LINES) {
		if (pic_is_spurious(line)) {
			upcall_spurious();
			return;
		}
		pic_end_of_interrupt(line);
		upcall_irq(line);
		return;
	}
	switch (regs->vector) {
	case VECTOR_TIMER:
		apic_end_of_interrupt();
		upcall_timer();
		break;
	case VECTOR_RESCHEDULE:
		apic_end_of_interrupt();
		upcall_reschedule();
		break;
	case VECTOR_TLB:
		apic_end_of_interrupt();
		upcall_tlb_request();
		break;
	case VECTOR_RENDEZVOUS:
		apic_end_of_interrupt();
		upcall_rendezvous();
		break;
	case VECTOR_WAKE:
		apic_end_of_interrupt();
		upcall_wake();
		break;
	default:
		/* no end of interrupt: the spurious vector sets no in-service bit, and nothing else
		 * was asked for */
		upcall_spurious();
	}
}

static void on_user_trap(struct regs *regs)
{
	uint64_t newest = ASSERTIONS ? upcall_tlb_newest() : 0;

	assert(rflags_are_clean());
	note_fault(regs);
	if (ASSERTIONS) {
		upcall_budget_trap();
	}
	upcall_user_trap(regs);
	if (ASSERTIONS) {
		upcall_tlb_assert_seen(newest);
	}
	if (LIKELY(regs->vector == VECTOR_PAGE_FAULT)) {
		upcall_user_page_fault(regs);
	} else if (regs->vector < NR_EXCEPTIONS) {
		upcall_user_exception(regs);
	} else {
		interrupt_dispatch(regs);
	}
	upcall_user_return();
}

/*
 * An NMI, or a debug exception, between STI and HLT: its IRET ends the shadow of STI, so an
 * interrupt that is pending is taken before HLT, and what it announces would not end the wait any
 * more. Nor does HLT run then: the idle loop looks again.
 */
static void halt_skip(struct regs *regs)
{
	if (regs->rip == (uint64_t)cpu_idle_halt) {
		regs->rip = (uint64_t)cpu_idle_halt_end;
	}
}

/* Of the idle loop, or between two pieces of a long call: what it takes counts for itself. */
static void interrupt_in_kernel(const struct regs *regs)
{
	if (ASSERTIONS) {
		upcall_budget_interrupt();
	}
	interrupt_dispatch(regs);
	if (ASSERTIONS) {
		upcall_budget_leave();
	}
}

/* From ring 0: a fault in the kernel, an interrupt of the idle loop or between two pieces of a
 * call, or one of the paranoid vectors. */
void trap_from_kernel_handle(struct regs *regs)
{
	uint64_t newest = ASSERTIONS ? upcall_tlb_newest() : 0;
	unsigned mode_before;

	note_fault(regs);
	mode_before = upcall_trap_enter();
	assert(rflags_are_clean());
	assert(upcall_gate_is_closed());
	if (ASSERTIONS) {
		upcall_tlb_assert_seen(newest);
	}
	halt_skip(regs);
	if (regs->vector < NR_EXCEPTIONS) {
		upcall_kernel_exception(regs);
	} else {
		interrupt_in_kernel(regs);
	}
	upcall_trap_leave(mode_before);
}

static void on_leave(void)
{
	assert(rflags_are_clean());
	upcall_leave_check();
	upcall_budget_leave();
}

const struct trap_handlers trap_handlers = {
	.on_syscall = syscall_main,
	.on_user_trap = on_user_trap,
	.on_kernel_trap = gate_kernel_trap,
	.on_paranoid_trap = gate_paranoid_trap,
	.on_leave = on_leave,
};
