/* Prints what is known and stops the machine. */
#include "core/panic.h"

#include <stdarg.h>

#include "arch/x86_64/registers.h"
#include "core/backtrace.h"
#include "core/cpu.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/power.h"
#include "core/symbols.h"
#include "lib/format.h"

enum { BACKTRACE_MAX = 24, EXIT_STATUS_PANIC = 124 };

struct panic_hooks panic_hooks;

static void print_registers(const struct regs *r)
{
	log_print("  rip %016lx  rsp %016lx  rflags %lx  vector %lu  error %lx\n", r->rip, r->rsp,
		  r->rflags, r->vector, r->error);
	log_print("  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", r->rax, r->rbx, r->rcx,
		  r->rdx);
	log_print("  rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", r->rsi, r->rdi, r->rbp,
		  r->r8);
	log_print("  r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", r->r9, r->r10, r->r11,
		  r->r12);
	log_print("  r13 %016lx  r14 %016lx  r15 %016lx\n", r->r13, r->r14, r->r15);
}

static void print_locks(const struct cpu *cpu)
{
	for (unsigned i = 0; i < cpu->nr_held; i++) {
		log_print("  holds lock %s\n", cpu->held[i]->name);
	}
}

static void print_backtrace(uint64_t rip, uint64_t rbp)
{
	uint64_t addresses[BACKTRACE_MAX];
	char text[SYMBOL_TEXT_BYTES];
	unsigned nr;

	if (rip) {
		log_print("  at %s\n", symbol_format(text, sizeof(text), rip));
	}
	if (!panic_hooks.readable) {
		return;
	}
	nr = backtrace_collect(rbp, addresses, BACKTRACE_MAX, panic_hooks.readable);
	for (unsigned i = 0; i < nr; i++) {
		log_print("  from %s\n", symbol_format(text, sizeof(text), addresses[i]));
	}
}

static _Noreturn void panic_finish(const struct regs *regs, const char *message, va_list arguments)
{
	static bool is_panicking;
	char text[256];

	if (is_panicking) {
		power_off(EXIT_STATUS_PANIC);
	}
	is_panicking = true;
	log_start_emergency();
	(void)format_va(text, sizeof(text), message, arguments);
	log_print("\nbulwark: panic: %s\n", text);
	log_print("  cpu %u  cr2 %016lx  cr3 %016lx\n", this_cpu()->id, cr2_read(), cr3_read_raw());
	if (regs) {
		print_registers(regs);
		if (panic_hooks.explain) {
			panic_hooks.explain(regs);
		}
	}
	print_locks(this_cpu());
	print_backtrace(regs ? regs->rip : 0,
			regs ? regs->rbp : (uint64_t)__builtin_frame_address(0));
	power_off(EXIT_STATUS_PANIC);
}

void panic(const char *message, ...)
{
	va_list arguments;

	va_start(arguments, message);
	panic_finish(NULL, message, arguments);
}

void panic_at(const struct regs *regs, const char *message, ...)
{
	va_list arguments;

	va_start(arguments, message);
	panic_finish(regs, message, arguments);
}
