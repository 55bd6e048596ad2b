/* Exceptions in user mode: each ends the task alone, with the signal that Linux would send. */
#include <alloca.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "child.h"
#include "cpus.h"
#include "tap.h"

#define NON_CANONICAL 0x0000800000000000UL
#define KERNEL_ADDRESS 0xffffffff80000000UL
#define DIRECT_MAP 0xffff888000000000UL
#define ENTRY_AREA 0xffffe00000000000UL

static const char in_rodata[16] = "constant";

/* Runs `instruction` in a function of its own, named NAME. */
#define FAULTING(name, instruction, ...)                                                           \
	static int name(void *unused)                                                              \
	{                                                                                          \
		(void)unused;                                                                      \
		__asm__ volatile(instruction : : __VA_ARGS__);                                     \
		return 0;                                                                          \
	}

FAULTING(read_null, "mov 0, %%rax", "a"(0))
FAULTING(write_null, "movq $0, (%0)", "r"(0L))
FAULTING(read_kernel, "mov (%0), %%al", "r"(KERNEL_ADDRESS))
FAULTING(read_direct_map, "mov (%0), %%al", "r"(DIRECT_MAP))
FAULTING(write_direct_map, "movb $0, (%0)", "r"(DIRECT_MAP + 0x100000))
FAULTING(read_entry_area, "mov (%0), %%al", "r"(ENTRY_AREA))
FAULTING(read_non_canonical, "mov (%0), %%al", "r"(NON_CANONICAL))
FAULTING(stack_non_canonical, "mov %0, %%rbp; mov (%%rbp), %%al", "r"(NON_CANONICAL))
FAULTING(push_non_canonical, "mov %0, %%rsp; push %%rax", "r"(NON_CANONICAL + 64))
FAULTING(jump_kernel, "jmp *%0", "r"(KERNEL_ADDRESS))
FAULTING(jump_null, "jmp *%0", "r"(0L))
FAULTING(jump_non_canonical, "jmp *%0", "r"(NON_CANONICAL))
FAULTING(write_rodata, "movb $0, (%0)", "r"(in_rodata))
FAULTING(write_text, "movb $0, (%0)", "r"(read_null))
FAULTING(divide_by_zero, "xor %%ecx, %%ecx; mov $1, %%eax; cdq; idiv %%ecx", "a"(0))
FAULTING(divide_overflow, "mov $1, %%edx; mov $1, %%ecx; div %%ecx", "a"(0))
FAULTING(undefined, "ud2", "a"(0))
FAULTING(undefined_lock, ".byte 0xf0, 0x90", "a"(0))
FAULTING(breakpoint, "int3", "a"(0))
FAULTING(breakpoint_icebp, ".byte 0xf1", "a"(0))
FAULTING(single_step, "pushfq; orl $0x100, (%%rsp); popfq; nop; nop", "a"(0))
FAULTING(halt, "hlt", "a"(0))
FAULTING(disable_interrupts, "cli", "a"(0))
FAULTING(port_out, "outb %%al, $0x80", "a"(0))
FAULTING(write_cr3, "mov %0, %%cr3", "r"(0L))
FAULTING(read_msr, "rdmsr", "c"(0xc0000082))
FAULTING(load_gdt, "lgdt (%0)", "r"(in_rodata))
FAULTING(flush_page, "invlpg (%0)", "r"(in_rodata))
FAULTING(int_80, "int $0x80", "a"(1))
FAULTING(int_page_fault, "int $14", "a"(0))
FAULTING(int_double_fault, "int $8", "a"(0))
FAULTING(int_nmi, "int $2", "a"(0))
FAULTING(int_timer, "int $32", "a"(0))
FAULTING(int_last, "int $255", "a"(0))
FAULTING(sysenter, "sysenter", "a"(0))
FAULTING(bad_segment, "mov %%ax, %%ds", "a"(0x7f))
FAULTING(kernel_segment, "mov %%ax, %%ss", "a"(0x10))
FAULTING(far_return_kernel, "pushq $0x08; pushq %0; lretq", "r"(KERNEL_ADDRESS))
FAULTING(reserved_mxcsr, "push %0; ldmxcsr (%%rsp); pop %0", "r"(0xffff0000UL))
FAULTING(sse_divide,
	 "push $0; ldmxcsr (%%rsp); pop %%rax; pxor %%xmm0, %%xmm0; divss %%xmm0, %%xmm0", "a"(0))
FAULTING(x87_divide, "fninit; push $0; fldcw (%%rsp); pop %%rax; fld1; fldz; fdivrp; fwait", "a"(0))
FAULTING(misaligned_sse, "movaps 1(%0), %%xmm0", "r"(in_rodata))

static int overflow_stack(void *argument)
{
	for (;;) {
		volatile char *page = alloca(BW_PAGE_SIZE);

		page[0] = argument == NULL;
	}
	return 0;
}

struct fault_test {
	const char *name;
	child_body body;
	int signal;
	int other_signal; /* also right: what emulators and processors disagree about */
	bool not_in_tcg;  /* QEMU's code generator does not check for it; Bochs and processors do */
};

#define SEGV(name, body) name, body, SIGSEGV, SIGSEGV, false

static const struct fault_test tests[] = {
	{ SEGV("reading address 0", read_null) },
	{ SEGV("writing address 0", write_null) },
	{ SEGV("reading the kernel", read_kernel) },
	{ SEGV("reading the direct map", read_direct_map) },
	{ SEGV("writing the direct map", write_direct_map) },
	{ SEGV("reading the entry area", read_entry_area) },
	{ SEGV("reading a non-canonical address", read_non_canonical) },
	{ "a non-canonical frame pointer", stack_non_canonical, SIGBUS, SIGSEGV, false },
	{ "a push to a non-canonical stack", push_non_canonical, SIGBUS, SIGSEGV, false },
	{ SEGV("a jump into the kernel", jump_kernel) },
	{ SEGV("a jump to address 0", jump_null) },
	{ SEGV("a jump to a non-canonical address", jump_non_canonical) },
	{ SEGV("writing constants", write_rodata) },
	{ SEGV("writing code", write_text) },
	{ SEGV("a stack without end", overflow_stack) },
	{ "a division by zero", divide_by_zero, SIGFPE, SIGFPE, false },
	{ "a quotient that does not fit", divide_overflow, SIGFPE, SIGFPE, false },
	{ "an unmasked SSE exception", sse_divide, SIGFPE, SIGFPE, true },
	{ "an unmasked x87 exception", x87_divide, SIGFPE, SIGFPE, false },
	{ SEGV("a misaligned SSE access", misaligned_sse) },
	{ "reserved bits in MXCSR", reserved_mxcsr, SIGSEGV, SIGSEGV, true },
	{ "an undefined instruction", undefined, SIGILL, SIGILL, false },
	{ "a lock prefix where none may be", undefined_lock, SIGILL, SIGILL, false },
	{ "a breakpoint", breakpoint, SIGTRAP, SIGTRAP, false },
	{ "a breakpoint by ICEBP", breakpoint_icebp, SIGTRAP, SIGTRAP, true },
	{ "a single step", single_step, SIGTRAP, SIGTRAP, false },
	{ SEGV("hlt", halt) },
	{ SEGV("cli", disable_interrupts) },
	{ SEGV("out", port_out) },
	{ SEGV("a write to CR3", write_cr3) },
	{ SEGV("rdmsr", read_msr) },
	{ SEGV("lgdt", load_gdt) },
	{ SEGV("invlpg", flush_page) },
	{ SEGV("int 0x80", int_80) },
	{ SEGV("int 14", int_page_fault) },
	{ SEGV("int 8", int_double_fault) },
	{ SEGV("int 2", int_nmi) },
	{ SEGV("int 32", int_timer) },
	{ SEGV("int 255", int_last) },
	{ "sysenter", sysenter, SIGSEGV, SIGILL, false },
	{ SEGV("a selector past the table", bad_segment) },
	{ SEGV("a kernel selector for the stack", kernel_segment) },
	{ SEGV("a far return to the kernel", far_return_kernel) },
};

static void run(const struct fault_test *test)
{
	if (test->not_in_tcg && cpus_are_tcg()) {
		tap_skip(test->name, "QEMU's code generator does not check for it");
		return;
	}

	struct bw_report report = { 0 };
	int status = child_run_reported(test->body, NULL, &report);
	int signal = child_signal(status);
	bool is_right = (signal == test->signal || signal == test->other_signal) &&
			report.end == BW_END_USER_FAULT;

	if (!tap_ok(is_right, "%s ends the task with signal %d", test->name, test->signal)) {
		tap_note("wait status 0x%x, report end %u", status, report.end);
	}
}

/* What the report says must be true. */
static void test_report(void)
{
	struct bw_report report = { 0 };

	child_run_reported(read_direct_map, NULL, &report);
	tap_ok(report.fault_address == DIRECT_MAP, "the report names the address");
	child_run_reported(undefined, NULL, &report);
	tap_ok(report.fault_rip - (uintptr_t)undefined < 64, "the report names the instruction");
	tap_ok(report.uid_last == 0 && report.vuln_calls == 0, "the report knows the uid");
}

int main(void)
{
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		run(&tests[i]);
	}
	test_report();
	return tap_done();
}
