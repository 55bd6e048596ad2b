/* Prints what is known and stops the machine. */
#include "core/panic.h"

#include <stdarg.h>

#include "arch/x86_64/cpu/cr3_value.h"
#include "arch/x86_64/cpu/registers.h"
#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/smp/apic.h"
#include "core/backtrace.h"
#include "core/cpu.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/power.h"
#include "core/symbols.h"
#include "lib/assert.h"
#include "lib/format.h"

enum { BACKTRACE_MAX = 24, EXIT_STATUS_PANIC = 124, STOP_WAIT_NS = 200000000 };

extern char image_start[]; /* linker.ld */

RO_AFTER_INIT struct panic_hooks panic_hooks;

/* Both atomic. Whose panic it is: its CPU's id + 1; 0: nobody's. Who has stopped for it. */
static uint32_t owner;
static bool is_stopped[NR_CPUS_MAX];

static _Noreturn void stop_here(void)
{
	/* pairs with the load in all_stopped */
	__atomic_store_n(&is_stopped[this_cpu()->id], true, __ATOMIC_RELEASE);
	for (;;) {
		cpu_halt_forever_step();
	}
}

void panic_obey(void)
{
	uint32_t of = __atomic_load_n(&owner, __ATOMIC_ACQUIRE);

	if (of && of != this_cpu()->id + 1) {
		stop_here();
	}
}

/* Of two CPUs that panic at a time one stops for the other. */
static void become_owner(void)
{
	uint32_t self = this_cpu()->id + 1, of = 0;

	/* pairs with the load in panic_obey */
	if (__atomic_compare_exchange_n(&owner, &of, self, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		return;
	}
	if (of != self) {
		stop_here();
	}
	/* a panic about the panic: what could be said has been */
	power_off(EXIT_STATUS_PANIC);
}

static bool is_other(unsigned id)
{
	return cpus[id] != this_cpu() && __atomic_load_n(&cpus[id]->online, __ATOMIC_ACQUIRE);
}

static bool all_stopped(void)
{
	for (unsigned id = 0; id < nr_cpus; id++) {
		if (is_other(id) && !__atomic_load_n(&is_stopped[id], __ATOMIC_ACQUIRE)) {
			return false;
		}
	}
	return true;
}

/* By NMI: the kernel runs with interrupts off, and whoever waits for us must stop too. */
static void stop_others(void)
{
	uint64_t start_ns = clock_now_ns();

	for (unsigned id = 0; id < nr_cpus; id++) {
		if (is_other(id)) {
			apic_send_nmi(cpus[id]->apic_id);
		}
	}
	while (!all_stopped() && clock_now_ns() - start_ns < STOP_WAIT_NS) {
		cpu_relax();
	}
}

static void print_not_stopped(void)
{
	for (unsigned id = 0; id < nr_cpus; id++) {
		if (is_other(id) && !__atomic_load_n(&is_stopped[id], __ATOMIC_ACQUIRE)) {
			log_print("  cpu %u did not stop\n", id);
		}
	}
}

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
	for (unsigned i = 0; ASSERTIONS && i < cpu->nr_held; i++) {
		log_print("  holds lock %s\n", cpu->held[i]->name);
	}
	if (!ASSERTIONS && cpu->nr_held) {
		log_print("  holds locks: %u\n", cpu->nr_held);
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
	if (!panic_hooks.read) {
		return;
	}
	nr = backtrace_collect(rbp, addresses, BACKTRACE_MAX, panic_hooks.read);
	for (unsigned i = 0; i < nr; i++) {
		log_print("  from %s\n", symbol_format(text, sizeof(text), addresses[i]));
	}
}

static _Noreturn void panic_finish(const struct regs *regs, const char *message, va_list arguments)
{
	char text[256];

	become_owner();
	stop_others();
	log_start_emergency();
	(void)format_va(text, sizeof(text), message, arguments);
	log_print("\nbulwark: panic: %s\n", text);
	log_print("  cpu %u  cr2 %016lx  cr3 %016lx  image %016lx\n", this_cpu()->id, cr2_read(),
		  cr3_value(), (uint64_t)image_start);
	if (regs) {
		print_registers(regs);
		if (panic_hooks.explain) {
			panic_hooks.explain(regs);
		}
	}
	print_locks(this_cpu());
	print_not_stopped();
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
