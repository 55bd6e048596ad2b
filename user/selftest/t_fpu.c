/* FPU and general registers: nobody else's work shows in them. */
#include <cpuid.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum {
	NR_XMM = 16,
	NR_TASKS = 4,
	NR_ROUNDS = 50,
	SPIN = 2000000,
	MXCSR_DEFAULT = 0x1f80,
	XCR0_AVX = 6
};

struct vectors {
	uint64_t words[NR_XMM][2];
};

/* What a task puts into its registers, and how it lets others run. */
struct task {
	unsigned int number;
	long spin; /* 0: it yields */
};

static void fill(struct vectors *vectors, unsigned int seed)
{
	for (int i = 0; i < NR_XMM; i++) {
		vectors->words[i][0] = seed * 0x9e3779b97f4a7c15UL + (uint64_t)i;
		vectors->words[i][1] = ~vectors->words[i][0];
	}
}

#define LOAD(n) "movdqu 16*" #n "(%[in]), %%xmm" #n "\n"
#define STORE(n) "movdqu %%xmm" #n ", 16*" #n "(%[out])\n"
#define EACH(what)                                                                                 \
	what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10)   \
		what(11) what(12) what(13) what(14) what(15)

/* Loads all vector registers, lets others run (a system call, or a long loop), stores them. */
static void keep_vectors(const struct vectors *in, struct vectors *out, long spin)
{
	long call = SYS_sched_yield;

	__asm__ volatile(EACH(LOAD) "test %[spin], %[spin]\n"
				    "jz 2f\n"
				    "1: dec %[spin]\n"
				    "jnz 1b\n"
				    "jmp 3f\n"
				    "2: syscall\n"
				    "3:\n" EACH(STORE)
			 : [spin] "+r"(spin), "+a"(call)
			 : [in] "r"(in), [out] "r"(out)
			 : "rcx", "r11", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			   "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
			   "xmm14", "xmm15");
}

/* The control words keep what the task set; rounding differs from task to task. */
static bool keep_control(unsigned int number)
{
	uint32_t mxcsr = MXCSR_DEFAULT | (number & 3) << 13, mxcsr_after;
	uint16_t control = (uint16_t)(0x037f | (number & 3) << 10), control_after;

	__asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(mxcsr), "m"(control));
	sched_yield();
	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr_after), "=m"(control_after));
	return (mxcsr & 0x6000) == (mxcsr_after & 0x6000) && control == control_after;
}

static int keep_registers(void *argument)
{
	const struct task *task = argument;

	for (unsigned int round = 0; round < NR_ROUNDS; round++) {
		struct vectors in, out;

		fill(&in, task->number * 1000 + round);
		memset(&out, 0, sizeof(out));
		keep_vectors(&in, &out, task->spin / NR_ROUNDS);
		if (memcmp(&in, &out, sizeof(in)) != 0) {
			return 1;
		}
		if (!keep_control(task->number)) {
			return 2;
		}
	}
	return 0;
}

static bool all_keep(child_body body, long spin)
{
	pid_t children[NR_TASKS];
	bool all = true;

	for (unsigned int i = 0; i < NR_TASKS; i++) {
		struct task task = { .number = i + 1, .spin = spin };

		children[i] = fork();
		if (children[i] == 0) {
			_exit(body(&task));
		}
	}
	for (int i = 0; i < NR_TASKS; i++) {
		all = child_exit_code(child_wait(children[i])) == 0 && all;
	}
	return all;
}

static bool has_avx(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE) || !(ecx & bit_AVX)) {
		return false;
	}
	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return (eax & XCR0_AVX) == XCR0_AVX;
}

static int keep_ymm(void *argument)
{
	const struct task *task = argument;

	for (uint64_t round = 0; round < NR_ROUNDS; round++) {
		uint64_t in[4] = { task->number, round, ~round, task->number * round + 7 };
		uint64_t out[4];
		long call = SYS_sched_yield;

		__asm__ volatile(
			"vmovdqu (%[in]), %%ymm15; syscall; vmovdqu %%ymm15, (%[out]); vzeroupper"
			: "+a"(call)
			: [in] "r"(in), [out] "r"(out)
			: "rcx", "r11", "memory", "xmm15");
		if (memcmp(in, out, sizeof(in)) != 0) {
			return 1;
		}
	}
	return 0;
}

static int inherits(void *argument)
{
	uint64_t got;

	/* fork's way to here may use vector registers, but not x87's. */
	__asm__ volatile("fistpll %0" : "=m"(got));
	return got == *(uint64_t *)argument ? 0 : 1;
}

static void test_fork(void)
{
	uint64_t value = 0x123456789abcUL;
	int status;

	__asm__ volatile("fninit; fildll %0" : : "m"(value));
	status = child_run(inherits, &value);
	__asm__ volatile("fninit");
	tap_is(status, 0, "a forked child begins with its parent's FPU registers");
}

/* Callee-saved and argument registers across a system call: all but rax, rcx and r11. */
static void test_call_keeps_registers(void)
{
	uint64_t sum = 0;

	__asm__ volatile(
		"mov $1, %%edi; mov $2, %%esi; mov $4, %%edx; mov $8, %%r8d; mov $16, %%r9d\n"
		"mov $32, %%r10d; mov $64, %%r12d; mov $128, %%r13d; mov $256, %%r14d; mov $512, "
		"%%r15d\n"
		"mov $39, %%eax; syscall\n"
		"lea (%%rdi, %%rsi), %%rax; add %%rdx, %%rax; add %%r8, %%rax; add %%r9, %%rax\n"
		"add %%r10, %%rax; add %%r12, %%rax; add %%r13, %%rax; add %%r14, %%rax; add "
		"%%r15, %%rax"
		: "=a"(sum)
		:
		: "rdi", "rsi", "rdx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		  "memory");
	tap_is((long)sum, 1023, "a system call keeps all registers but rax, rcx and r11");
}

int main(void)
{
	tap_ok(all_keep(keep_registers, 0), "four tasks that yield keep their FPU registers");
	tap_ok(all_keep(keep_registers, (long)SPIN * NR_ROUNDS),
	       "four tasks that are preempted keep theirs");
	if (has_avx()) {
		tap_ok(all_keep(keep_ymm, 0), "four tasks keep the upper halves of ymm15");
	} else {
		tap_skip("tasks keep the upper halves of ymm15", "AVX is not enabled");
	}
	test_fork();
	test_call_keeps_registers();
	return tap_done();
}
