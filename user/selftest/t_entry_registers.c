/*
 * All registers hold a marker when the kernel is entered: when it is left they hold it still, but
 * for those that SYSCALL changes, and nothing in any of them is the kernel's.
 */
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cpus.h"
#include "tap.h"
#include "torture.h"

enum register_index {
	RAX,
	RBX,
	RCX,
	RDX,
	RSI,
	RDI,
	RBP,
	RSP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	FLAGS,
	SELECTORS, /* ds, es, fs, gs, 16 bits each */
	NR_REGISTERS,
};

enum {
	FXSAVE_BYTES = 512,
	/* behind it lies what FXSAVE leaves alone */
	FXSAVE_USED = 416,
	/* the last instruction's address and operand, which some processors do not keep */
	FXSAVE_POINTERS = 6,
	FXSAVE_POINTERS_END = 24,
	FLAGS_ARITHMETIC = 0x8d5,
	FLAGS_SET = 0x8d7 | 0x200,
	CPUS_TRIED = 4,
	NR_ROUNDS = 40,
	NR_TICKS_WANTED = 3,
};

#define COUNTER(name, help) COUNTER_##name,
enum {
#include "abi/counters.def"
	NR_COUNTERS
};
#undef COUNTER

static uint64_t before[NR_REGISTERS] __attribute__((used));
static uint64_t after[NR_REGISTERS] __attribute__((used));
static uint8_t fx_before[FXSAVE_BYTES] __attribute__((used, aligned(16)));
static uint8_t fx_after[FXSAVE_BYTES] __attribute__((used, aligned(16)));
static uint8_t fx_own[FXSAVE_BYTES] __attribute__((used, aligned(16)));
static uint64_t own_stack __attribute__((used));
static uint64_t loop_count __attribute__((used));
static char fresh_page[3 * BW_PAGE_SIZE] __attribute__((used, aligned(4096)));

#define LOAD(reg, at) "mov before + 8 * " #at "(%rip), %" #reg "\n"
#define STORE(reg, at) "mov %" #reg ", after + 8 * " #at "(%rip)\n"
#define EACH(what)                                                                                 \
	what(rax, 0) what(rbx, 1) what(rcx, 2) what(rdx, 3) what(rsi, 4) what(rdi, 5) what(rbp, 6) \
		what(rsp, 7) what(r8, 8) what(r9, 9) what(r10, 10) what(r11, 11) what(r12, 12)     \
			what(r13, 13) what(r14, 14) what(r15, 15)
#define STORE_SELECTOR(reg, at) "mov %" #reg ", after + 8 * 17 + " #at "(%rip)\n"

#define SAVE_OWN                                                                                   \
	"push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"                  \
	"mov %rsp, own_stack(%rip)\n fxsave fx_own(%rip)\n"
#define LOAD_ALL "fxrstor fx_before(%rip)\n pushq before + 8 * 16(%rip)\n popfq\n" EACH(LOAD)
#define STORE_GENERAL                                                                              \
	EACH(STORE)                                                                                \
	"mov own_stack(%rip), %rsp\n pushfq\n popq after + 8 * 16(%rip)\n"
#define STORE_ALL STORE_GENERAL "fxsave fx_after(%rip)\n" STORE_SELECTORS
#define STORE_SELECTORS                                                                            \
	STORE_SELECTOR(ds, 0) STORE_SELECTOR(es, 2) STORE_SELECTOR(fs, 4) STORE_SELECTOR(gs, 6)
#define RESTORE_OWN                                                                                \
	"fxrstor fx_own(%rip)\n pushq $0x202\n popfq\n"                                            \
	"pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n"

/* name: `before` into all registers, the instructions, all registers into `after`. */
#define ACROSS(name, text) NAKED(name, SAVE_OWN LOAD_ALL text STORE_ALL RESTORE_OWN RETURN_0)

ACROSS(across_call, "syscall\n")
ACROSS(across_fault, "movb $1, fresh_page + 4096(%rip)\n")
ACROSS(across_interrupts, "1: decq loop_count(%rip)\n jnz 1b\n")
ACROSS(across_nothing, "nop\n")

static uint64_t marker(unsigned int i) { return 0x5a5aa5a500000000 | (0x1111111 * (i + 1)); }

/* Markers everywhere; the x87 stack full of them, and of what is no number. */
static void fill_before(void)
{
	for (unsigned int i = 0; i < NR_REGISTERS; i++) {
		before[i] = marker(i);
	}
	before[FLAGS] = FLAGS_SET;
	before[SELECTORS] = 0;
	memset(fx_before, 0, sizeof(fx_before));
	memcpy(fx_before, (uint16_t[]){ 0x0f7f, 0x0123 }, 4); /* control and status */
	fx_before[4] = 0xff;                                  /* all eight are in use */
	memcpy(fx_before + 24, (uint32_t[]){ 0x7f80 }, 4);    /* MXCSR */
	for (int i = 32; i < FXSAVE_USED; i++) {
		bool is_past_x87 = i < 160 && i % 16 >= 10;

		fx_before[i] = is_past_x87 ? 0 : (uint8_t)(i * 7 + 1);
	}
}

static bool is_kernels(uint64_t value) { return value >> 47 == 0x1ffff; }

/* An error code is negative, and so looks like the highest addresses. */
static bool is_result(uint64_t value) { return (int64_t)value < 0 && (int64_t)value >= -4095; }

static bool registers_are_kept(uint32_t may_change)
{
	bool all = true;

	for (unsigned int i = 0; i < NR_REGISTERS; i++) {
		uint64_t mask = i == FLAGS ? FLAGS_ARITHMETIC | 0x7000 : UINT64_MAX;
		bool is_kept = ((before[i] ^ after[i]) & mask) == 0 || may_change >> i & 1;
		bool is_ours = !is_kernels(after[i]) || (i == RAX && is_result(after[i]));

		if (!is_kept || !is_ours) {
			tap_note("register %u: 0x%lx became 0x%lx", i, before[i], after[i]);
			all = false;
		}
	}
	return all;
}

static bool float_is_kept(void)
{
	for (int i = 0; i < FXSAVE_USED; i++) {
		bool is_compared = i < FXSAVE_POINTERS || i >= FXSAVE_POINTERS_END;

		if (is_compared && i / 4 != 28 / 4 && fx_before[i] != fx_after[i]) {
			tap_note("byte %d of the FXSAVE image: 0x%02x became 0x%02x", i,
				 fx_before[i], fx_after[i]);
			return false;
		}
	}
	return true;
}

#define BIT(reg) (1u << (reg))
#define CHANGED_BY_SYSCALL (BIT(RAX) | BIT(RCX) | BIT(R11))

/* SYSCALL leaves RIP in RCX, here within our text, and the flags in R11. */
static bool is_like_syscall(void)
{
	uint64_t distance = after[RCX] - (uintptr_t)across_call;

	return distance < 1024 && (after[R11] & FLAGS_ARITHMETIC) == (FLAGS_SET & FLAGS_ARITHMETIC);
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

	fill_before();
	before[RAX] = call->number;
	before[RDI] = call->rdi ? call->rdi : before[RDI];
	before[RSI] = call->rsi ? call->rsi : before[RSI];
	across_call(NULL);
	return registers_are_kept(CHANGED_BY_SYSCALL) && is_like_syscall() && float_is_kept() ? 0
											      : 1;
}

static int keep_across_fault(void *unused)
{
	(void)unused;
	fill_before();
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
		fill_before();
		loop_count = 3000000;
		across_interrupts(NULL);
		if (!registers_are_kept(BIT(FLAGS)) || !float_is_kept()) {
			return 1;
		}
	}
	return interrupts() < start + NR_TICKS_WANTED ? 2 : 0;
}

static int keep_across_nothing(void *unused)
{
	(void)unused;
	fill_before();
	across_nothing(NULL);
	return registers_are_kept(0) && float_is_kept() ? 0 : 1;
}

/* The test itself must notice: one bit of one register differs. */
static int notice(void *unused)
{
	(void)unused;
	fill_before();
	across_nothing(NULL);
	after[R13] ^= 1;
	fx_after[FXSAVE_USED - 1] ^= 1;
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
