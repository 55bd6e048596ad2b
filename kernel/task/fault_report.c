/*
 * Puts faults into words: what was tried, what lies there, which defence said no and why, and how
 * the kernel got there.
 */
#include "task/fault_report.h"

#include "abi/bulwark.h"
#include "core/backtrace.h"
#include "core/cpu.h"
#include "core/symbols.h"
#include "mm/as.h"
#include "mm/explain.h"
#include "mm/layout.h"
#include "mm/ptable.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/report.h"

enum { BACKTRACE_LINES = 8 };

const char *exception_name(uint64_t vector)
{
	static const char *const names[] = {
		"divide error",
		"debug exception",
		"non-maskable interrupt",
		"breakpoint",
		"overflow",
		"bound exceeded",
		"invalid instruction",
		"no coprocessor",
		"double fault",
		"coprocessor overrun",
		"invalid TSS",
		"segment not present",
		"stack-segment fault",
		"general protection",
		"page fault",
		"exception 15",
		"floating-point error",
		"alignment check",
		"machine check",
		"SIMD floating-point error",
	};

	return vector < ARRAY_SIZE(names) ? names[vector] : "exception";
}

bool fault_readable(uint64_t address, size_t len_bytes)
{
	uint64_t last = address + len_bytes - 1;

	return address >= KERNEL_HALF && last >= address &&
	       pte_is_present(ptable_lookup(kernel_root, address, NULL)) &&
	       pte_is_present(ptable_lookup(kernel_root, last, NULL));
}

static const char *access_name(uint64_t error)
{
	return error & FAULT_FETCH   ? "instruction fetch from"
	       : error & FAULT_WRITE ? "write to"
				     : "read of";
}

void fault_report_user(struct report *report, const struct process *process,
		       const struct fault *fault, int signal)
{
	const struct regs *regs = fault->regs;

	report->fault_address = fault->address;
	report->fault_rip = regs->rip;
	report_say(report, "%s (pid %u, uid %u): %s", process->name, process->pid,
		   credentials_uid(process), exception_name(regs->vector));
	if (fault->is_page_fault) {
		report_say(report, ", %s 0x%lx", access_name(fault->error), fault->address);
	}
	report_say(report, " at rip 0x%lx, rsp 0x%lx, signal %d\n", regs->rip, regs->rsp, signal);
}

static void say_registers(struct report *report, const struct regs *r)
{
	report_say(report, "  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", r->rax, r->rbx,
		   r->rcx, r->rdx);
	report_say(report, "  rsi %016lx  rdi %016lx  rbp %016lx  rsp %016lx\n", r->rsi, r->rdi,
		   r->rbp, r->rsp);
	report_say(report, "  r8  %016lx  r9  %016lx  r10 %016lx  r11 %016lx\n", r->r8, r->r9,
		   r->r10, r->r11);
	report_say(report, "  r12 %016lx  r13 %016lx  r14 %016lx  r15 %016lx\n", r->r12, r->r13,
		   r->r14, r->r15);
}

static void say_backtrace(struct report *report, const struct regs *regs)
{
	uint64_t addresses[BACKTRACE_LINES];
	char text[SYMBOL_TEXT_BYTES];
	unsigned nr = backtrace_collect(regs->rbp, addresses, BACKTRACE_LINES, fault_readable);

	report_say(report, "  at   %s\n", symbol_format(text, sizeof(text), regs->rip));
	for (unsigned i = 0; i < nr; i++) {
		report_say(report, "  from %s\n", symbol_format(text, sizeof(text), addresses[i]));
	}
}

static void say_address(struct report *report, const struct fault *fault,
			const struct explanation *explanation)
{
	report_say(report, "  address  0x%lx: %s", fault->address, explanation->region);
	if (!pfn_is_none(explanation->frame)) {
		report_say(report, ", frame 0x%x, owner %s%s", explanation->frame.pfn,
			   owner_name(explanation->owner),
			   explanation->is_hidden ? ", hidden" : "");
	}
	report_say(report, "\n  defence  %s: %s\n", defence_name(explanation->defence),
		   explanation->reason);
}

void fault_report_kernel(struct report *report, const struct process *process,
			 const struct fault *fault)
{
	const struct regs *regs = fault->regs;
	struct explanation explanation;
	char symbol[SYMBOL_TEXT_BYTES];

	report->fault_address = fault->address;
	report->fault_rip = regs->rip;
	report_say(
		report,
		"bulwark: %s (pid %u, uid %u) made the kernel fault on CPU %u; the process ends\n",
		process->name, process->pid, credentials_uid(process), this_cpu()->id);
	symbol_format(symbol, sizeof(symbol), regs->rip);
	if (fault->is_page_fault) {
		explain_fault(process->as->root, fault->address, fault->error, regs->rflags,
			      &explanation);
		report->defence = explanation.defence;
		if (!pfn_is_none(explanation.frame)) {
			report->fault_pfn = explanation.frame.pfn;
		}
		report_say(report, "  access   %s 0x%lx by %s (rip 0x%lx)\n",
			   access_name(fault->error), fault->address, symbol, regs->rip);
		say_address(report, fault, &explanation);
	} else {
		report_say(report, "  access   none: %s, error code 0x%lx, at %s (rip 0x%lx)\n",
			   exception_name(regs->vector), regs->error, symbol, regs->rip);
		report_say(report,
			   "  defence  none: the processor refused the address or instruction\n");
	}
	say_registers(report, regs);
	say_backtrace(report, regs);
}
