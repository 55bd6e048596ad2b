/*
 * Puts faults into words: what was tried, what lies there, which defence said no and why, and how
 * the kernel got there.
 */
#include "task/fault/fault_report.h"

#include "abi/bulwark.h"
#include "arch/x86_64/entry/probe.h"
#include "core/backtrace.h"
#include "core/cpu.h"
#include "core/options.h"
#include "core/symbols.h"
#include "lib/format.h"
#include "mm/as/as.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"
#include "mm/watch/explain_say.h"
#include "task/authority/credentials.h"
#include "task/console/report.h"
#include "task/process/process.h"
#include "task/sched/thread.h"

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

/* Whoever chose the address may have another CPU take the page away between the two. */
bool fault_read(uint64_t address, uint64_t *out)
{
	return fault_readable(address, sizeof(*out)) && probe_read(address, out);
}

/* NULL: it was no access that failed. */
static const char *access_name(const struct fault *fault)
{
	if (!fault->is_page_fault) {
		return NULL;
	}
	return fault->error & FAULT_FETCH ? "fetch" : fault->error & FAULT_WRITE ? "write" : "read";
}

void fault_report_user(struct report *report, const struct process *process,
		       const struct fault *fault, int signal)
{
	const struct regs *regs = fault->regs;
	struct report_words *words = report_words(report);
	struct text text = text_begin(words ? words->text : NULL, words ? sizeof(words->text) : 0);

	report->fault_address = fault->address;
	report->fault_rip = regs->rip;
	text_say(&text, "%s (pid %u, uid %u): %s", process->name, process->pid,
		 credentials_uid(process), exception_name(regs->vector));
	if (fault->is_page_fault) {
		text_say(&text, ", %s of 0x%lx", access_name(fault), fault->address);
	}
	text_say(&text, " at rip 0x%lx, rsp 0x%lx, signal %d\n", regs->rip, regs->rsp, signal);
}

/* What is told of a fault in the kernel, in both forms. */
struct account {
	const struct process *process;
	const struct fault *fault;
	struct explanation explanation;
	uint64_t callers[BACKTRACE_LINES];
	unsigned nr_callers;
};

/*
 * Who called a function that has no frame of its own yet, or lies where no function is: the return
 * address is still on top of the stack. 0: there is none.
 */
static uint64_t caller_without_frame(const struct regs *regs)
{
	uint64_t offset, caller;
	const char *name;

	if ((symbol_find(regs->rip, &name, &offset) && offset) || !fault_read(regs->rsp, &caller)) {
		return 0;
	}
	return symbol_find(caller, &name, &offset) ? caller : 0;
}

/*
 * A stack pointer that was led to the top of the thread's kernel stack, where user registers lie
 * with kstack=fixed: with kstack=random no entry puts them there, and no code of the kernel runs
 * that high.
 */
static void explain_stack(const struct regs *regs, struct explanation *out)
{
	const struct thread *thread = thread_current();
	uint64_t place = thread->stack_top - sizeof(struct regs);

	if (out->defence == BW_DEFENCE_NONE && options.kstack == kstack_random && thread->in_vuln &&
	    regs->rsp >= place && regs->rsp <= thread->stack_top) {
		out->defence = BW_DEFENCE_KSTACK;
		format(out->reason, sizeof(out->reason),
		       "kstack=random put this call's registers elsewhere: rsp was led to 0x%lx, "
		       "where they lie with kstack=fixed",
		       place);
	}
}

static void account_make(struct account *account, const struct process *process,
			 const struct fault *fault)
{
	const struct regs *regs = fault->regs;
	pfn_t root = process->as ? process->as->root : kernel_root;

	account->process = process;
	account->fault = fault;
	if (fault->is_page_fault) {
		explain_fault(root, fault->address, fault->error, regs->rflags,
			      &account->explanation);
	} else {
		explain_exception(root, regs, &account->explanation);
	}
	explain_stack(regs, &account->explanation);
	account->callers[0] = caller_without_frame(regs);
	account->nr_callers = account->callers[0] != 0;
	account->nr_callers += backtrace_collect(regs->rbp, account->callers + account->nr_callers,
						 BACKTRACE_LINES - account->nr_callers, fault_read);
}

static void say_access(struct text *text, const struct account *account)
{
	const struct regs *regs = account->fault->regs;
	const char *access = access_name(account->fault);
	char symbol[SYMBOL_TEXT_BYTES];

	symbol_format(symbol, sizeof(symbol), regs->rip);
	if (account->fault->error & FAULT_FETCH && regs->rip == account->fault->address) {
		text_say(text, "  access       %s of 0x%lx: rip is there\n", access, regs->rip);
	} else if (access) {
		text_say(text, "  access       %s of 0x%lx by %s (rip 0x%lx)\n", access,
			 account->fault->address, symbol, regs->rip);
	} else {
		text_say(text, "  access       none: %s, error code 0x%lx, at %s (rip 0x%lx)\n",
			 exception_name(regs->vector), regs->error, symbol, regs->rip);
	}
}

/* Three in a line: four do not fit into 80 columns. */
static void say_registers(struct text *text, const struct regs *r)
{
	text_say(text, "  rax %016lx  rbx %016lx  rcx %016lx\n", r->rax, r->rbx, r->rcx);
	text_say(text, "  rdx %016lx  rsi %016lx  rdi %016lx\n", r->rdx, r->rsi, r->rdi);
	text_say(text, "  rbp %016lx  rsp %016lx  r8  %016lx\n", r->rbp, r->rsp, r->r8);
	text_say(text, "  r9  %016lx  r10 %016lx  r11 %016lx\n", r->r9, r->r10, r->r11);
	text_say(text, "  r12 %016lx  r13 %016lx  r14 %016lx\n", r->r12, r->r13, r->r14);
	text_say(text, "  r15 %016lx\n", r->r15);
}

static void say_backtrace(struct text *text, const struct account *account)
{
	char symbol[SYMBOL_TEXT_BYTES];

	text_say(text, "  at           %s\n",
		 symbol_format(symbol, sizeof(symbol), account->fault->regs->rip));
	for (unsigned i = 0; i < account->nr_callers; i++) {
		text_say(text, "  from         %s\n",
			 symbol_format(symbol, sizeof(symbol), account->callers[i]));
	}
}

/* At most 27 lines: 1, 1, 6, 6 and 1 + BACKTRACE_LINES. */
static void account_say(struct text *text, const struct account *account)
{
	const struct process *process = account->process;

	text_say(text,
		 "bulwark: %s (pid %u, uid %u) made the kernel fault on CPU %u; the process ends\n",
		 process->name, process->pid, credentials_uid(process), this_cpu()->id);
	say_access(text, account);
	explanation_say(text, &account->explanation);
	say_registers(text, account->fault->regs);
	say_backtrace(text, account);
}

static void json_symbol(struct json *json, const char *name, uint64_t address)
{
	char symbol[SYMBOL_TEXT_BYTES];

	json_string(json, name, symbol_format(symbol, sizeof(symbol), address));
}

static void account_json(struct json *json, const struct account *account)
{
	const struct regs *regs = account->fault->regs;
	const char *access = access_name(account->fault);

	json_string(json, "process", account->process->name);
	json_number(json, "pid", account->process->pid);
	json_number(json, "uid", credentials_uid(account->process));
	json_number(json, "cpu", this_cpu()->id);
	json_string(json, "access", access ? access : "none");
	json_string(json, "exception", exception_name(regs->vector));
	explanation_json_address(json, &account->explanation);
	json_hex(json, "rip", regs->rip);
	json_symbol(json, "symbol", regs->rip);
	explanation_json_walks(json, &account->explanation);
	json_string(json, "defence", defence_name(account->explanation.defence));
	json_string(json, "reason", account->explanation.reason);
	json_open(json, "backtrace", '[');
	json_symbol(json, NULL, regs->rip);
	for (unsigned i = 0; i < account->nr_callers; i++) {
		json_symbol(json, NULL, account->callers[i]);
	}
	json_close(json);
}

void fault_report_kernel(struct report *report, const struct process *process,
			 const struct fault *fault)
{
	struct report_words *words = report_words(report);
	struct account account;
	struct text text;
	struct json json;

	account_make(&account, process, fault);
	report->fault_address = account.explanation.address;
	report->fault_rip = fault->regs->rip;
	report->defence = account.explanation.defence;
	if (!pfn_is_none(account.explanation.frame)) {
		report->fault_pfn = account.explanation.frame.pfn;
	}
	if (!words) {
		return;
	}
	text = text_begin(words->text, sizeof(words->text));
	account_say(&text, &account);
	json_begin(&json, words->fault_json, sizeof(words->fault_json));
	account_json(&json, &account);
	json_end(&json);
}
