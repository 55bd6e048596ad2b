/*
 * All registers hold a marker when the kernel is entered: when it is left they hold it still, but
 * for those that SYSCALL changes, and nothing in any of them is the kernel's.
 */
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "registers.h"
#include "tap.h"
#include "torture.h"

enum { CPUS_TRIED = 4, NR_ROUNDS = 40, NR_TICKS_WANTED = 3 };

#define COUNTER(name, help) COUNTER_##name,
enum {
#include "abi/counters.def"
	NR_COUNTERS
};
#undef COUNTER

static uint64_t loop_count __attribute__((used));
static char fresh_page[3 * BW_PAGE_SIZE] __attribute__((used, aligned(4096)));

REGISTERS_ACROSS(across_call, "syscall\n")
REGISTERS_ACROSS(across_fault, "movb $1, fresh_page + 4096(%rip)\n")
REGISTERS_ACROSS(across_interrupts, "1: decq loop_count(%rip)\n jnz 1b\n")
REGISTERS_ACROSS(across_nothing, "nop\n")

/* SYSCALL leaves RIP in RCX, here within our text, and the flags in R11. */
static bool is_like_syscall(void)
{
	uint64_t distance = registers_after[RCX] - (uintptr_t)across_call;

	return distance < 1024 &&
	       (registers_after[R11] & FLAGS_ARITHMETIC) == (FLAGS_SET & FLAGS_ARITHMETIC);
}

/* ---- One way in and out each: 0 where all is kept ---- */

struct call {
	const char *name;
	uint64_t number;
	uint64_t rdi, rsi; /* 0: the marker stays */
};

static const struct timespec nap = { .tv_nsec = 1000000 };
static char text[256];

static int keep_across_call(void *argument)
{
	const struct call *call = argument;

	registers_fill();
	registers_before[RAX] = call->number;
	registers_before[RDI] = call->rdi ? call->rdi : registers_before[RDI];
	registers_before[RSI] = call->rsi ? call->rsi : registers_before[RSI];
	across_call(NULL);
	return registers_are_kept(REGISTERS_OF_SYSCALL) && is_like_syscall() && float_is_kept() ? 0
												: 1;
}

static int keep_across_fault(void *unused)
{
	(void)unused;
	registers_fill();
	across_fault(NULL);
	return registers_are_kept(0) && float_is_kept() && fresh_page[BW_PAGE_SIZE] == 1 ? 0 : 1;
}

static uint64_t interrupts(void)
{
	uint64_t counters[NR_COUNTERS] = { 0 };

	bw_counters(-1, counters, sizeof(counters));
	return counters[COUNTER_interrupts];
}

static int keep_across_interrupts(void *unused)
{
	uint64_t start = interrupts();

	(void)unused;
	for (int i = 0; i < NR_ROUNDS && interrupts() < start + NR_TICKS_WANTED; i++) {
		registers_fill();
		loop_count = 3000000;
		across_interrupts(NULL);
		if (!registers_are_kept(REGISTER_BIT(FLAGS)) || !float_is_kept()) {
			return 1;
		}
	}
	return interrupts() < start + NR_TICKS_WANTED ? 2 : 0;
}

static int keep_across_nothing(void *unused)
{
	(void)unused;
	registers_fill();
	across_nothing(NULL);
	return registers_are_kept(0) && float_is_kept() ? 0 : 1;
}

/* The test itself must notice: one bit of one register differs. */
static int notice(void *unused)
{
	(void)unused;
	registers_fill();
	across_nothing(NULL);
	registers_after[R13] ^= 1;
	float_after[200] ^= 1;
	return !registers_are_kept(0) && !float_is_kept() ? 0 : 1;
}

/* GS is the kernel's while it runs; ours is empty, so what lies at its offset 8 is at address 8. */
static int gs_is_empty(void *argument)
{
	static const uint64_t word = 0x1234;
	uint64_t seen;

	syscall(SYS_sched_yield);
	fresh_page[2 * BW_PAGE_SIZE] = 1;
	__asm__("mov %%gs:(%1), %0" : "=r"(seen) : "r"(argument ? argument : &word));
	return seen == word ? 0 : 1;
}

/* ---- The tests ---- */

static const struct call calls[] = {
	{ "getpid", SYS_getpid, 0, 0 },
	{ "an unknown call", 0xfff, 0, 0 },
	{ "a call of number -1", UINT64_MAX, 0, 0 },
	{ "sched_yield", SYS_sched_yield, 0, 0 },
	{ "nanosleep", SYS_nanosleep, (uintptr_t)&nap, 0x10000 },
	{ "uname", SYS_uname, (uintptr_t)fresh_page, 0 },
	{ "write to a marker", SYS_write, 0, 0 },
	{ "read", SYS_read, 0, 0 },
	{ "execve of a marker", SYS_execve, 0, 0 },
	{ "mmap of markers", SYS_mmap, 0, 0 },
	{ "futex at a marker", SYS_futex, 0, 0 },
	{ "getrandom", SYS_getrandom, (uintptr_t)text, sizeof(text) },
	{ "fork", SYS_fork, 0, 0 },
	{ "wait4 for a marker", SYS_wait4, 0, 0 },
	{ "clone with markers", SYS_clone, 0, 0 },
	{ "counters of a marker", BW_NR_counters, 0, 0 },
	{ "ipc_call to a marker", BW_NR_ipc_call, 0, 0 },
};

static void test(const char *name, child_body body, const void *argument)
{
	const struct torture piece = { name, body, (uintptr_t)argument, LIVES };

	tap_ok(torture_ends_well(&piece), "%s keeps all registers, and none shows the kernel",
	       name);
}

static int on_cpu(void *argument)
{
	int cpu = (int)(uintptr_t)argument;

	return cpus_pin(cpu) && keep_across_call((void *)&calls[0]) == 0 &&
			       keep_across_fault(NULL) == 0 && keep_across_interrupts(NULL) == 0
		       ? 0
		       : 1;
}

int main(void)
{
	const struct torture empty_gs = { "GS", gs_is_empty, 0, LIVES };
	const struct torture control = { "the comparison", notice, 0, LIVES };
	int nr_cpus = cpus_count();

	tap_ok(torture_ends_well(&control), "a bit that changes is noticed");
	test("a NOP", keep_across_nothing, NULL);
	for (unsigned int i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		test(calls[i].name, keep_across_call, &calls[i]);
	}
	test("a page fault", keep_across_fault, NULL);
	test("a row of interrupts", keep_across_interrupts, NULL);
	for (int cpu = 0; cpu < nr_cpus && cpu < CPUS_TRIED; cpu++) {
		const struct torture piece = { "a processor", on_cpu, (uintptr_t)cpu, LIVES };

		tap_ok(torture_ends_well(&piece), "so on processor %d", cpu);
	}
	tap_ok(torture_ends_well(&empty_gs), "user mode's GS base is 0, before and after calls");
	torture_check_machine();
	return tap_done();
}
