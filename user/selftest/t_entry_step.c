/*
 * Single steps, and loads of the stack segment, right before the ways into the kernel. The trap
 * flag must not reach kernel code, and a debug exception that is late and arrives there is put up
 * with.
 */
#include <signal.h>
#include <sys/mman.h>

#include "tap.h"
#include "torture.h"

/* rdi holds a page that is not there yet, ecx the stack's selector, edx and eax the call. */
#define PREPARE "mov %ss, %ecx\n mov $39, %eax\n"
#define STEP FLAGS_ON(0x100)
#define LOAD_SS "mov %ecx, %ss\n"
#define BACK "nop\n nop\n" RETURN_0

NAKED(step_syscall, PREPARE STEP "syscall\n" BACK)
NAKED(step_unknown_call, "mov $0xfff, %eax\n" STEP "syscall\n" BACK)
NAKED(step_yield, "mov $24, %eax\n" STEP "syscall\n" BACK)
NAKED(step_fork, "mov $57, %eax\n" STEP "syscall\n" BACK)
NAKED(step_int3, PREPARE STEP "int3\n" BACK)
NAKED(step_int_3, PREPARE STEP ".byte 0xcd, 3\n" BACK)
NAKED(step_int_1, PREPARE STEP "int $1\n" BACK)
NAKED(step_int_2, PREPARE STEP "int $2\n" BACK)
NAKED(step_int_8, PREPARE STEP "int $8\n" BACK)
NAKED(step_int_14, PREPARE STEP "int $14\n" BACK)
NAKED(step_int_80, PREPARE STEP "int $0x80\n" BACK)
NAKED(step_icebp, PREPARE STEP ".byte 0xf1\n" BACK)
NAKED(step_undefined, PREPARE STEP "ud2\n" BACK)
NAKED(step_sysenter, PREPARE STEP "sysenter\n" BACK)
NAKED(step_page_fault, PREPARE STEP "movb $1, (%rdi)\n" BACK)
NAKED(step_bad_address, PREPARE STEP "movb $1, (8)\n" BACK)
NAKED(step_divide, PREPARE "xor %esi, %esi\n" STEP "div %esi\n" BACK)

NAKED(ss_syscall, PREPARE LOAD_SS "syscall\n" BACK)
NAKED(ss_int3, PREPARE LOAD_SS "int3\n" BACK)
NAKED(ss_int_3, PREPARE LOAD_SS ".byte 0xcd, 3\n" BACK)
NAKED(ss_int_80, PREPARE LOAD_SS "int $0x80\n" BACK)
NAKED(ss_icebp, PREPARE LOAD_SS ".byte 0xf1\n" BACK)
NAKED(ss_undefined, PREPARE LOAD_SS "ud2\n" BACK)
NAKED(ss_page_fault, PREPARE LOAD_SS "movb $1, (%rdi)\n" BACK)
NAKED(ss_sysenter, PREPARE LOAD_SS "sysenter\n" BACK)
NAKED(ss_twice_syscall, PREPARE LOAD_SS LOAD_SS "syscall\n" BACK)

/* A stack below 4 GiB: that far LSS reaches on every processor. */
static uint64_t low_stack[64] __attribute__((used));
static struct {
	uint32_t offset;
	uint16_t selector;
} __attribute__((packed)) low_stack_pointer __attribute__((used));
NAKED(lss_syscall,
      PREPARE "mov %cx, low_stack_pointer + 4(%rip)\n lea low_stack + 512(%rip), %rdx\n"
	      "mov %edx, low_stack_pointer(%rip)\n mov %rsp, %r8\n"
	      "lss low_stack_pointer(%rip), %esp\n syscall\n mov %r8, %rsp\n" BACK)

NAKED(step_ss_syscall, PREPARE STEP LOAD_SS "syscall\n" BACK)
NAKED(step_ss_int3, PREPARE STEP LOAD_SS "int3\n" BACK)
NAKED(step_ss_int_80, PREPARE STEP LOAD_SS "int $0x80\n" BACK)
NAKED(step_ss_icebp, PREPARE STEP LOAD_SS ".byte 0xf1\n" BACK)
NAKED(step_ss_undefined, PREPARE STEP LOAD_SS "ud2\n" BACK)
NAKED(step_ss_page_fault, PREPARE STEP LOAD_SS "movb $1, (%rdi)\n" BACK)

/* To the next instruction with the flags in rsi, by the user's own IRET: POPF cannot set RF. */
#define IRET_WITH_RSI                                                                              \
	"mov %rsp, %rdx\n pushq $0x1b\n push %rdx\n push %rsi\n pushq $0x23\n"                     \
	"lea 1f(%rip), %rdx\n push %rdx\n iretq\n 1:\n"
NAKED(resume_syscall, PREPARE "mov $0x10202, %esi\n" IRET_WITH_RSI "syscall\n" BACK)
NAKED(resume_step_syscall, PREPARE "mov $0x10302, %esi\n" IRET_WITH_RSI "syscall\n" BACK)
NAKED(resume_step_int3, PREPARE "mov $0x10302, %esi\n" IRET_WITH_RSI "int3\n" BACK)
NAKED(resume_step_page_fault, PREPARE "mov $0x10302, %esi\n" IRET_WITH_RSI "movb $1, (%rdi)\n" BACK)

#define TRAPS(name, body) name, body, 0, DIES(SIGTRAP)
/* What QEMU's code generator makes of ICEBP, and of a user's IRET, whose frame it reads as the
   kernel would, so that SMAP refuses. */
#define ICEBP(name, body) name, body, 0, DIES(SIGTRAP) | DIES(SIGILL)
#define IRET(name, body, ends) name, body, 0, (ends) | DIES(SIGSEGV)
#define SEGV(name, body) name, body, 0, DIES(SIGSEGV)
#define ILL(name, body) name, body, 0, DIES(SIGILL)

static struct torture pieces[] = {
	{ TRAPS("a step over SYSCALL", step_syscall) },
	{ TRAPS("a step over an unknown call", step_unknown_call) },
	{ TRAPS("a step over sched_yield", step_yield) },
	{ TRAPS("a step over fork", step_fork) },
	{ TRAPS("a step over INT3", step_int3) },
	{ TRAPS("a step over INT 3 of two bytes", step_int_3) },
	{ SEGV("a step over INT 1", step_int_1) },
	{ SEGV("a step over INT 2", step_int_2) },
	{ SEGV("a step over INT 8", step_int_8) },
	{ SEGV("a step over INT 14", step_int_14) },
	{ SEGV("a step over INT 0x80", step_int_80) },
	{ ICEBP("a step over ICEBP", step_icebp) },
	{ ILL("a step over UD2", step_undefined) },
	{ "a step over SYSENTER", step_sysenter, 0, DIES(SIGSEGV) | DIES(SIGILL) },
	{ TRAPS("a step over a page that is filled in", step_page_fault) },
	{ SEGV("a step over a bad address", step_bad_address) },
	{ "a step over a division by zero", step_divide, 0, DIES(SIGFPE) },
	{ "MOV SS, SYSCALL", ss_syscall, 0, LIVES },
	{ TRAPS("MOV SS, INT3", ss_int3) },
	{ TRAPS("MOV SS, INT 3 of two bytes", ss_int_3) },
	{ SEGV("MOV SS, INT 0x80", ss_int_80) },
	{ ICEBP("MOV SS, ICEBP", ss_icebp) },
	{ ILL("MOV SS, UD2", ss_undefined) },
	{ "MOV SS, a page that is filled in", ss_page_fault, 0, LIVES },
	{ "MOV SS, SYSENTER", ss_sysenter, 0, DIES(SIGSEGV) | DIES(SIGILL) },
	{ "MOV SS, MOV SS, SYSCALL", ss_twice_syscall, 0, LIVES },
	{ "LSS, SYSCALL", lss_syscall, 0, LIVES },
	{ TRAPS("a step over MOV SS, SYSCALL", step_ss_syscall) },
	{ TRAPS("a step over MOV SS, INT3", step_ss_int3) },
	{ "a step over MOV SS, INT 0x80", step_ss_int_80, 0, DIES(SIGSEGV) | DIES(SIGTRAP) },
	{ ICEBP("a step over MOV SS, ICEBP", step_ss_icebp) },
	{ "a step over MOV SS, UD2", step_ss_undefined, 0, DIES(SIGILL) | DIES(SIGTRAP) },
	{ TRAPS("a step over MOV SS, a page that is filled in", step_ss_page_fault) },
	{ IRET("RF, SYSCALL", resume_syscall, LIVES) },
	{ IRET("RF and a step over SYSCALL", resume_step_syscall, DIES(SIGTRAP)) },
	{ IRET("RF and a step over INT3", resume_step_int3, DIES(SIGTRAP)) },
	{ IRET("RF and a step over a page that is filled in", resume_step_page_fault,
	       DIES(SIGTRAP)) },
};

enum { NR_PIECES = sizeof(pieces) / sizeof(pieces[0]) };

NAKED(step_jump, STEP "jmp *%rdi\n")

/* The kernel learns where a program was. It must not take that for something of its own. */
static void test_jump(void)
{
	struct bw_leak leak = { 0 };

	if (bw_vuln_leak(&leak) == 0) {
		const struct torture jump = { "a step over a jump into the kernel", step_jump,
					      leak.image_base, DIES(SIGTRAP) | DIES(SIGSEGV) };

		torture_run(&jump, 1);
	}
}

int main(void)
{
	void *fresh = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	/* a forked child sees its own copy of the page that nobody has touched */
	for (unsigned int i = 0; i < NR_PIECES; i++) {
		pieces[i].argument = (uintptr_t)fresh;
	}
	torture_run(pieces, NR_PIECES);
	test_jump();
	torture_check_machine();
	return tap_done();
}
