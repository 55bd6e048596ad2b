/* Exceptions, from user mode and from the kernel: whom they concern and what becomes of them. */
#include "task/fault/fault.h"

#include "arch/x86_64/entry/extable.h"
#include "arch/x86_64/entry/probe.h"
#include "arch/x86_64/entry/upcall.h"
#include "core/cpu.h"
#include "core/log.h"
#include "core/panic.h"
#include "core/rendezvous.h"
#include "lib/builds.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/frame/kspace.h"
#include "mm/table/layout.h"
#include "mm/table/policy.h"
#include "mm/table/ptable.h"
#include "mm/tlb/spurious.h"
#include "mm/watch/explain_say.h"
#include "task/console/report.h"
#include "task/fault/fault_report.h"
#include "task/process/process.h"
#include "task/process/process_end.h"
#include "task/process/signal.h"
#include "task/sched/thread.h"

enum { NR_EXCEPTIONS = 32, PANIC_TEXT_BYTES = 1024 };

static const uint8_t signals[NR_EXCEPTIONS] = {
	[0] = SIGNAL_FPE,  [1] = SIGNAL_TRAP, [3] = SIGNAL_TRAP, [4] = SIGNAL_SEGV,
	[5] = SIGNAL_SEGV, [6] = SIGNAL_ILL,  [7] = SIGNAL_FPE,  [16] = SIGNAL_FPE,
	[17] = SIGNAL_BUS, [19] = SIGNAL_FPE,
};

/* By the low bits of the error code. Without FAULT_USER the processor itself wanted something, such
 * as a descriptor: no page of the program's helps, nor where the entry has reserved bits. */
enum { NR_FAULT_CODES = 32 };
static const uint8_t rights_wanted[NR_FAULT_CODES] = {
	[FAULT_USER] = RIGHT_READ,
	[FAULT_USER | FAULT_PRESENT] = RIGHT_READ,
	[FAULT_USER | FAULT_WRITE] = RIGHT_WRITE,
	[FAULT_USER | FAULT_WRITE | FAULT_PRESENT] = RIGHT_WRITE,
	[FAULT_USER | FAULT_FETCH] = RIGHT_EXECUTE,
	[FAULT_USER | FAULT_FETCH | FAULT_PRESENT] = RIGHT_EXECUTE,
};

/*
 * Says how the process ends, once: the first thread to fault writes the report. Frees nothing, so
 * the report stays.
 */
static struct report *report_begin(struct process *process, int signal, enum bw_end end)
{
	return process_exit(status_of_signal(signal), end) ? &process->report : NULL;
}

static __attribute__((noinline)) void user_fault(const struct fault *fault, int signal)
{
	struct process *process = process_current();
	struct report *report = report_begin(process, signal, BW_END_USER_FAULT);

	if (report) {
		fault_report_user(report, process, fault, signal);
		log_write(report_text(report), strlen(report_text(report)));
	}
}

/* No page came of it. EINTR: the process ends on its way back, whatever it did. */
static __attribute__((noinline)) void user_page_missing(const struct regs *regs, uint64_t address,
							status_t status)
{
	struct fault fault = {
		.regs = regs, .address = address, .error = regs->error, .is_page_fault = true
	};

	if (status != STATUS_EINTR) {
		user_fault(&fault, status == STATUS_ENOMEM ? SIGNAL_BUS : SIGNAL_SEGV);
	}
}

void upcall_user_page_fault(const struct regs *regs)
{
	uint64_t address = cr2_read();
	unsigned wanted = rights_wanted[regs->error % NR_FAULT_CODES];
	struct as *as = thread_current()->process->as;
	status_t status = STATUS_EFAULT;

	COUNT(page_faults);
	/* an address space that a store has taken away has no pages */
	if (LIKELY(wanted && as)) {
		status = as_fault(as, (uva_t){ address }, wanted);
	}
	if (UNLIKELY(status != STATUS_OK)) {
		user_page_missing(regs, address, status);
	}
}

static RO_AFTER_INIT void (*nmi_work)(const struct regs *regs);

void fault_on_nmi(void (*work)(const struct regs *regs)) { nmi_work = work; }

static void on_nmi(const struct regs *regs)
{
	panic_obey();
	if (nmi_work) {
		nmi_work(regs);
	}
}

void upcall_user_exception(const struct regs *regs)
{
	struct fault fault = { .regs = regs, .address = regs->rip };
	int signal = signals[regs->vector];

	switch (regs->vector) {
	case VECTOR_NMI: on_nmi(regs); break;
	case VECTOR_MACHINE_CHECK: panic_at(regs, "machine check");
	default: user_fault(&fault, signal ? signal : SIGNAL_SEGV);
	}
}

/* May the kernel make this access to user memory, as far as the processor's defences go? */
static bool is_permitted(const struct regs *regs)
{
	if (regs->error & FAULT_FETCH) {
		return !(cr4_read() & CR4_SMEP) && !ptable_user_slot_flags;
	}
	return !(cr4_read() & CR4_SMAP) || regs->rflags & RFLAGS_AC;
}

/*
 * A fault of the kernel on user memory. With a page that has yet to be filled in, or copied, the
 * access goes on; otherwise the copy routine learns of it. False: neither.
 */
static bool user_memory_fault(struct regs *regs, uint64_t address)
{
	struct process *process = process_current();
	unsigned wanted = rights_wanted[(regs->error | FAULT_USER) % NR_FAULT_CODES];
	bool is_over;

	if (address >= USER_TOP || !process || this_cpu()->nr_held || !is_permitted(regs)) {
		return false;
	}
	COUNT(page_faults);
	is_over = (wanted && process->as &&
		   as_fault(process->as, (uva_t){ address }, wanted) == STATUS_OK) ||
		  extable_fixup(regs);
	/* others may have run meanwhile */
	as_settle();
	return is_over;
}

/*
 * Can the process be ended instead of the machine? Only if the kernel was doing that process's work
 * and owes nobody.
 */
static bool is_of_process(void)
{
	const struct cpu *cpu = this_cpu();
	const struct thread *thread = cpu->current;

	return thread && thread->process && !thread->works_for_kernel && !thread->in_fault &&
	       cpu->nr_held == 0 && !cpu->window_is_open && !rendezvous_involves_us();
}

static void die(void *unused)
{
	(void)unused;
	thread_exit();
}

static _Noreturn void kernel_fault(const struct fault *fault)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	struct report *report;

	thread->in_fault = true;
	COUNT(kernel_faults);
	report = report_begin(process, SIGNAL_SEGV, BW_END_KERNEL_FAULT);
	if (report) {
		fault_report_kernel(report, process, fault);
		log_write(report_text(report), strlen(report_text(report)));
		if (report->words) {
			log_record("bulwark: fault: ", report->words->fault_json);
		}
	}
	/* whatever stack this is, the thread's own is good from its top down */
	context_restart(thread->stack_top, die, NULL);
}

/*
 * The processor could not deliver a fault: the stack pointer was wrong. CR2 says where it pointed.
 */
static _Noreturn void double_fault(const struct regs *regs)
{
	struct fault fault = {
		.regs = regs, .address = cr2_read(), .error = FAULT_WRITE, .is_page_fault = true
	};

	if (is_of_process() && thread_current()->in_vuln) {
		kernel_fault(&fault);
	}
	if (kstack_is_guard((va_t){ regs->rsp }) || kstack_is_guard((va_t){ fault.address })) {
		panic_at(regs, "kernel stack overflow: 0x%lx is in the guard page", fault.address);
	}
	panic_at(regs, "double fault, cr2 0x%lx", fault.address);
}

/* BUILD=kasan: an address has no mark, as nothing is mapped there: the access itself will tell. */
static bool mark_fault(struct regs *regs)
{
	return KASAN && policy_view_of(cr2_read()) == VIEW_MARKS && extable_fixup(regs);
}

void upcall_kernel_exception(struct regs *regs)
{
	struct fault fault = { .regs = regs, .address = regs->rip };

	switch (regs->vector) {
	case VECTOR_NMI: on_nmi(regs); return;
	case VECTOR_DEBUG:
		/*
		 * a user program can have a debug exception arrive on its first instruction in the
		 * kernel
		 */
		return;
	case VECTOR_MACHINE_CHECK: panic_at(regs, "machine check");
	case VECTOR_DOUBLE_FAULT: double_fault(regs);
	case VECTOR_PAGE_FAULT:
		fault.address = cr2_read();
		fault.error = regs->error;
		fault.is_page_fault = true;
		if (probe_fixup(regs) || mark_fault(regs) ||
		    spurious_store(fault.address, fault.error) ||
		    user_memory_fault(regs, fault.address)) {
			return;
		}
		break;
	default: break;
	}
	if (is_of_process()) {
		kernel_fault(&fault);
	}
	panic_at(regs, "%s in the kernel, address 0x%lx", exception_name(regs->vector),
		 fault.address);
}

static void panic_explain(const struct regs *regs)
{
	const struct process *process = process_current();
	struct explanation explanation;
	/* one CPU panics, once; its stack may be short */
	static char bytes[PANIC_TEXT_BYTES];
	struct text text = text_begin(bytes, sizeof(bytes));

	/* a double fault is mostly a page fault that found no stack */
	if (regs->vector == VECTOR_PAGE_FAULT || regs->vector == VECTOR_DOUBLE_FAULT) {
		explain_fault(process && process->as ? process->as->root : kernel_root, cr2_read(),
			      regs->vector == VECTOR_PAGE_FAULT ? regs->error : FAULT_WRITE,
			      regs->rflags, &explanation);
		explanation_say(&text, &explanation);
		log_write(text.bytes, text.len);
	}
}

void fault_init(void)
{
	panic_hooks.read = fault_read;
	panic_hooks.explain = panic_explain;
}
