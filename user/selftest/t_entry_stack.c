/*
 * Stack pointers, instruction pointers and segment bases that point where user mode has nothing:
 * the kernel neither follows nor minds them.
 */
#define _GNU_SOURCE /* CLONE_VM and its like */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "torture.h"

/* One past the last byte that a program can map. */
#define USER_END 0x00007ffffffff000

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS = 0x1002, ARCH_GET_FS = 0x1003 };

static const uint64_t places[] = {
	0,
	8,
	0x1000,
	0x00007ffffffff000,
	0x00007ffffffffff8,
	0x0000800000000000,
	0x0000800000000008,
	0xffff7ffffffffff8,
	0xffff800000000000,
	0xffff888000100000,
	0xffffc00000000000,
	0xffffe00000000000,
	0xffffe00000102000,
	0xffffe00000106000,
	0xffffffff80000000,
	0xfffffffffffffff8,
	0xffffffffffffffff,
};

enum { NR_PLACES = sizeof(places) / sizeof(places[0]) };

/* ---- The stack pointer, from the argument, at each way into the kernel ---- */

#define STRAY "mov %rsp, %r8\n mov %rdi, %rsp\n"
/* 0 where it is still what it was. */
#define BACK "mov %rsp, %rsi\n mov %r8, %rsp\n xor %eax, %eax\n cmp %rdi, %rsi\n setne %al\n ret\n"

static const struct {
	uint64_t seconds, nanoseconds;
} nap __attribute__((used)) = { 0, 1000000 };
static char fresh_page[2 * BW_PAGE_SIZE] __attribute__((used, aligned(4096)));

NAKED(stray_call, STRAY "mov $39, %eax\n syscall\n" BACK)
NAKED(stray_unknown_call, STRAY "mov $0xfff, %eax\n syscall\n" BACK)
NAKED(stray_yield, STRAY "mov $24, %eax\n syscall\n" BACK)
NAKED(stray_sleep,
      STRAY "mov %rdi, %r9\n lea nap(%rip), %rdi\n xor %esi, %esi\n mov $35, %eax\n syscall\n"
	    "mov %r9, %rdi\n" BACK)
/* the child ends itself */
NAKED(stray_fork, STRAY "mov $57, %eax\n syscall\n test %eax, %eax\n jnz 1f\n mov $231, %eax\n"
			"xor %edi, %edi\n syscall\n 1:" BACK)
NAKED(stray_page_fault, STRAY "movb $1, fresh_page + 4096(%rip)\n" BACK)
NAKED(stray_interrupts, STRAY "mov $3000000, %ecx\n 1: dec %ecx\n jnz 1b\n" BACK)
NAKED(stray_int3, STRAY "int3\n" BACK)
NAKED(stray_int_80, STRAY "int $0x80\n" BACK)
NAKED(stray_undefined, STRAY "ud2\n" BACK)
NAKED(stray_divide, STRAY "xor %esi, %esi\n div %esi\n" BACK)
NAKED(stray_bad_address, STRAY "movb $1, (8)\n" BACK)
NAKED(stray_sysenter, STRAY "sysenter\n" BACK)
NAKED(stray_push, STRAY "push %rax\n" BACK)
NAKED(stray_step, "mov %rsp, %r8\n" FLAGS_ON(0x100) "mov %rdi, %rsp\n nop\n" BACK)

static const struct {
	const char *name;
	child_body body;
	uint32_t ends;
} ways[] = {
	{ "a call", stray_call, LIVES },
	{ "an unknown call", stray_unknown_call, LIVES },
	{ "sched_yield", stray_yield, LIVES },
	{ "nanosleep", stray_sleep, LIVES },
	{ "fork", stray_fork, LIVES },
	{ "a page that is filled in", stray_page_fault, LIVES },
	{ "timer interrupts", stray_interrupts, LIVES },
	{ "INT3", stray_int3, DIES(SIGTRAP) },
	{ "INT 0x80", stray_int_80, DIES(SIGSEGV) },
	{ "UD2", stray_undefined, DIES(SIGILL) },
	{ "a division by zero", stray_divide, DIES(SIGFPE) },
	{ "a bad address", stray_bad_address, DIES(SIGSEGV) },
	{ "SYSENTER", stray_sysenter, DIES(SIGSEGV) | DIES(SIGILL) },
	{ "a push", stray_push, DIES(SIGSEGV) | DIES(SIGBUS) },
	{ "a single step", stray_step, DIES(SIGTRAP) },
};

static void test_way(const char *name, child_body body, uint32_t ends)
{
	int nr_wrong = 0;

	for (int i = 0; i < NR_PLACES; i++) {
		const struct torture piece = { name, body, places[i], ends };

		nr_wrong += !torture_ends_well(&piece);
	}
	tap_is(nr_wrong, 0, "%s with a stray stack pointer %s", name,
	       ends == LIVES ? "works" : "ends the task");
}

/* ---- The instruction pointer ---- */

NAKED(jump, "jmp *%rdi\n")
NAKED(call, "call *%rdi\n")
NAKED(return_to, "push %rdi\n ret\n")
NAKED(far_return, "pushq $0x23\n push %rdi\n lretq\n")
NAKED(interrupt_return,
      "mov %rsp, %rdx\n pushq $0x1b\n push %rdx\n pushq $0x202\n pushq $0x23\n push %rdi\n iretq\n")

static void test_jumps(void)
{
	static const struct {
		const char *name;
		child_body body;
	} jumps[] = {
		{ "a jump", jump },           { "a call", call },
		{ "a return", return_to },    { "a far return", far_return },
		{ "IRET", interrupt_return },
	};

	for (unsigned int i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		test_way(jumps[i].name, jumps[i].body, DIES(SIGSEGV));
	}
}

/* SYSCALL as the last instruction of the last page: RCX is where user memory has ended. */
static int call_at_the_end(void *argument)
{
	static const uint8_t code[] = { 0xb8, SYS_getpid, 0, 0, 0, 0x0f, 0x05 };
	char *page = mmap((void *)(USER_END - BW_PAGE_SIZE), BW_PAGE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	char *start = page + BW_PAGE_SIZE - sizeof(code);

	(void)argument;
	if (page == MAP_FAILED) {
		return 1;
	}
	memcpy(start, code, sizeof(code));
	mprotect(page, BW_PAGE_SIZE, PROT_READ | PROT_EXEC);
	return jump(start);
}

static int map_past_the_end(void *argument)
{
	void *page = mmap(argument, BW_PAGE_SIZE, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return page == MAP_FAILED ? 0 : 1;
}

/* ---- Threads and bases ---- */

/* A thread whose first push goes astray ends the process; one with such an FS base there is not. */
static int thread_on(void *stack)
{
	const int flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES;
	const struct timespec *time = (const struct timespec *)&nap;

	if (syscall(SYS_clone, flags, stack, 0, 0, 0) == 0) {
		__asm__ volatile("push %rax");
	}
	for (int i = 0; i < 1000; i++) {
		syscall(SYS_nanosleep, time, NULL);
	}
	return 0;
}

static int refuse_bases(void *place)
{
	const int flags =
		CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES | CLONE_SETTLS;
	static char stack[BW_PAGE_SIZE];
	uint64_t before = 0, after = 1;

	syscall(SYS_arch_prctl, ARCH_GET_FS, &before);
	if (syscall(SYS_arch_prctl, ARCH_SET_FS, place) != -1 ||
	    syscall(SYS_arch_prctl, ARCH_SET_GS, place) != -1 ||
	    syscall(SYS_clone, flags, stack + sizeof(stack), 0, 0, place) != -1) {
		return 1;
	}
	syscall(SYS_arch_prctl, ARCH_GET_FS, &after);
	return before == after ? 0 : 2;
}

static void test_bases(void)
{
	int nr_wrong = 0, nr_threads_wrong = 0;

	for (int i = 0; i < NR_PLACES; i++) {
		const struct torture refusal = { "a hostile base", refuse_bases, places[i], LIVES };
		const struct torture thread = { "a thread", thread_on, places[i],
						DIES(SIGSEGV) | DIES(SIGBUS) };

		nr_wrong += places[i] >= USER_END && !torture_ends_well(&refusal);
		/* 0 asks for the parent's own stack */
		nr_threads_wrong += places[i] != 0 && !torture_ends_well(&thread);
	}
	tap_is(nr_wrong, 0,
	       "FS and GS bases outside of user memory are refused, and the old one stays");
	tap_is(nr_threads_wrong, 0, "a thread with a stray stack ends its process");
}

int main(void)
{
	const struct torture at_the_end = { "SYSCALL at the end", call_at_the_end, 0,
					    DIES(SIGSEGV) };
	const struct torture past = { "a page behind it", map_past_the_end, USER_END, LIVES };

	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		test_way(ways[i].name, ways[i].body, ways[i].ends);
	}
	test_jumps();
	tap_ok(torture_ends_well(&at_the_end),
	       "SYSCALL as the last instruction of user memory returns there, and the task ends");
	tap_ok(torture_ends_well(&past), "behind it nothing can be mapped");
	test_bases();
	torture_check_machine();
	return tap_done();
}
