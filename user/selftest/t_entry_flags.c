/*
 * Flags that a user sets before each way into the kernel: the kernel starts with its own, and what
 * comes back is the user's.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "torture.h"

enum {
	FLAG_DF = 1 << 10,
	FLAG_IOPL = 3 << 12,
	FLAG_NT = 1 << 14,
	FLAG_RF = 1 << 16,
	FLAG_AC = 1 << 18,
	FLAG_VIF = 1 << 19,
	FLAG_VIP = 1 << 20,
	FLAG_ID = 1 << 21,
	FLAGS_KEPT = FLAG_DF | FLAG_AC | FLAG_ID,
	FLAGS_LOST = FLAG_IOPL | FLAG_NT | FLAG_VIF | FLAG_VIP,
	NR_TICKS = 3000000,
};

static const struct {
	const char *name;
	uint64_t flags;
} settings[] = {
	{ "DF", FLAG_DF },
	{ "NT", FLAG_NT },
	{ "AC", FLAG_AC },
	{ "ID", FLAG_ID },
	{ "IOPL", FLAG_IOPL },
	{ "RF, VIF and VIP", FLAG_RF | FLAG_VIF | FLAG_VIP },
	{ "DF, NT, AC, ID and IOPL", FLAG_DF | FLAG_NT | FLAG_AC | FLAG_ID | FLAG_IOPL },
};

enum { NR_SETTINGS = sizeof(settings) / sizeof(settings[0]) };

/* ---- Ways that come back ---- */

/* The call with these flags; the flags afterwards, the result in *number. */
static uint64_t call_with(uint64_t flags, long *number, const void *argument1,
			  const void *argument2)
{
	__asm__ volatile("pushq $0x202; orq %[flags], (%%rsp); popfq\n"
			 "syscall\n"
			 "pushfq; pop %[flags]; pushq $0x202; popfq"
			 : [flags] "+r"(flags), "+a"(*number)
			 : "D"(argument1), "S"(argument2)
			 : "rcx", "r11", "memory", "cc");
	return flags;
}

/* Touches a page that is not there yet. */
static uint64_t fault_with(uint64_t flags, volatile char *page)
{
	__asm__ volatile("pushq $0x202; orq %[flags], (%%rsp); popfq\n"
			 "movb $1, (%[page])\n"
			 "pushfq; pop %[flags]; pushq $0x202; popfq"
			 : [flags] "+r"(flags)
			 : [page] "r"(page)
			 : "memory", "cc");
	return flags;
}

/* Long enough for timer interrupts to come. */
static uint64_t wait_with(uint64_t flags)
{
	long nr = NR_TICKS;

	__asm__ volatile("pushq $0x202; orq %[flags], (%%rsp); popfq\n"
			 "1: dec %[nr]\n"
			 "jnz 1b\n"
			 "pushfq; pop %[flags]; pushq $0x202; popfq"
			 : [flags] "+r"(flags), [nr] "+r"(nr)
			 :
			 : "memory", "cc");
	return flags;
}

static bool are_kept(uint64_t wanted, uint64_t got)
{
	/* authority=off: what was saved comes back */
	uint64_t lost = bw_option_is("authority", "off") ? (uint64_t)FLAG_IOPL : FLAGS_LOST;

	return ((wanted ^ got) & FLAGS_KEPT) == 0 && (got & lost) == 0;
}

/* The way, with the flags in the argument: 0 where the flags came back and the work was done. */
static int way_call(void *argument)
{
	uint64_t flags = (uintptr_t)argument;
	long number = SYS_getpid;

	return are_kept(flags, call_with(flags, &number, NULL, NULL)) && number == getpid() ? 0 : 1;
}

static int way_unknown_call(void *argument)
{
	uint64_t flags = (uintptr_t)argument;
	long number = 0xfff;

	return are_kept(flags, call_with(flags, &number, NULL, NULL)) && number == -ENOSYS ? 0 : 1;
}

/* The kernel copies, upwards. */
static int way_copy(void *argument)
{
	uint64_t flags = (uintptr_t)argument;
	struct utsname got, wanted;
	long number = SYS_uname;

	uname(&wanted);
	memset(&got, 0, sizeof(got));
	return are_kept(flags, call_with(flags, &number, &got, NULL)) && number == 0 &&
			       memcmp(&got, &wanted, sizeof(got)) == 0
		       ? 0
		       : 1;
}

static int way_sleep(void *argument)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t flags = (uintptr_t)argument;
	long number = SYS_nanosleep;

	return are_kept(flags, call_with(flags, &number, &nap, NULL)) && number == 0 ? 0 : 1;
}

static int way_fork(void *argument)
{
	uint64_t flags = (uintptr_t)argument;
	long number = SYS_fork;
	bool is_right = are_kept(flags, call_with(flags, &number, NULL, NULL));

	if (number == 0) {
		_exit(is_right ? 0 : 1);
	}
	return is_right && number > 0 && child_exit_code(child_wait((pid_t)number)) == 0 ? 0 : 1;
}

/* The kernel clears the page, upwards; then, in a forked child, copies it. */
static int way_fault(void *argument)
{
	uint64_t flags = (uintptr_t)argument;
	char *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	bool is_right = are_kept(flags, fault_with(flags, page));
	pid_t child;

	for (int i = 1; i < BW_PAGE_SIZE; i++) {
		is_right = is_right && page[i] == 0;
	}
	page[BW_PAGE_SIZE - 1] = 2;
	child = fork();
	if (child == 0) {
		is_right = is_right && are_kept(flags, fault_with(flags, page));
		_exit(is_right && page[BW_PAGE_SIZE - 1] == 2 ? 0 : 1);
	}
	return is_right && child_exit_code(child_wait(child)) == 0 ? 0 : 1;
}

static int way_interrupts(void *argument)
{
	uint64_t flags = (uintptr_t)argument;

	/* NT goes with the first interrupt, if one comes */
	return are_kept(flags, wait_with(flags) & ~(uint64_t)FLAG_NT) ? 0 : 1;
}

/* ---- Ways that end the task ---- */

#define WITH_RDI "pushq $0x202\n orq %rdi, (%rsp)\n popfq\n"
NAKED(end_int3, WITH_RDI "int3\n" RETURN_0)
NAKED(end_int_80, WITH_RDI "int $0x80\n" RETURN_0)
NAKED(end_undefined, WITH_RDI "ud2\n" RETURN_0)
NAKED(end_divide, "xor %esi, %esi\n" WITH_RDI "div %esi\n" RETURN_0)
NAKED(end_bad_address, WITH_RDI "movb $1, (8)\n" RETURN_0)
NAKED(end_kernel_address, WITH_RDI "movb $1, 0xffffffff80000000\n" RETURN_0)
NAKED(end_step, "or $0x100, %rdi\n" WITH_RDI "nop\n nop\n" RETURN_0)
NAKED(end_exit, "mov $231, %eax\n" WITH_RDI "mov $0, %edi\n syscall\n")
/* In 64-bit mode IRET refuses where NT is set. */
#define IRET_FRAME                                                                                 \
	"mov %rsp, %rdx\n pushq $0x1b\n push %rdx\n pushq $0x4202\n pushq $0x23\n"                 \
	"lea 1f(%rip), %rdx\n push %rdx\n"
NAKED(end_iret, IRET_FRAME "pushq $0x4202\n popfq\n iretq\n 1:" RETURN_0)
/* With IOPL 3 these would be permitted. */
NAKED(end_cli, WITH_RDI "cli\n" RETURN_0)
NAKED(end_port, WITH_RDI "out %al, $0x80\n" RETURN_0)

static const struct {
	const char *name;
	child_body body;
	uint32_t ends;
} ways[] = {
	{ "a call", way_call, LIVES },
	{ "an unknown call", way_unknown_call, LIVES },
	{ "a call that copies", way_copy, LIVES },
	{ "a call that sleeps", way_sleep, LIVES },
	{ "fork", way_fork, LIVES },
	{ "a page that is filled in", way_fault, LIVES },
	{ "timer interrupts", way_interrupts, LIVES },
	{ "INT3", end_int3, DIES(SIGTRAP) },
	{ "INT 0x80", end_int_80, DIES(SIGSEGV) },
	{ "UD2", end_undefined, DIES(SIGILL) },
	{ "a division by zero", end_divide, DIES(SIGFPE) },
	{ "a bad address", end_bad_address, DIES(SIGSEGV) },
	{ "a kernel address", end_kernel_address, DIES(SIGSEGV) },
	{ "a single step", end_step, DIES(SIGTRAP) },
	{ "exit_group", end_exit, LIVES },
	{ "IRET with NT set", end_iret, DIES(SIGSEGV) },
	{ "CLI", end_cli, DIES(SIGSEGV) },
	{ "OUT", end_port, DIES(SIGSEGV) },
};

/* One test for each way: all settings of the flags. */
static void test_way(const char *name, child_body body, uint32_t ends)
{
	int nr_wrong = 0;

	for (int i = 0; i < NR_SETTINGS; i++) {
		const struct torture piece = { settings[i].name, body, settings[i].flags, ends };

		nr_wrong += !torture_ends_well(&piece);
	}
	tap_is(nr_wrong, 0, "%s with each flag set %s", name,
	       ends == LIVES ? "works, and they stay or go" : "ends the task");
}

/* With the user's AC let through, SMAP would not stop the kernel. */
static int read_user_with_ac(void *argument)
{
	long number = BW_NR_vuln_read;

	call_with(FLAG_AC, &number, argument, NULL);
	return 1;
}

static void test_smap(void)
{
	static const char name[] = "AC set by the user does not switch SMAP off in the kernel";
	struct bw_report report = { 0 };
	static uint64_t word;

	if (!bw_option_is("smap", "on") || !bw_option_is("vuln", "on")) {
		tap_skip(name, "it needs vuln=on and SMAP");
		return;
	}
	word = 1;
	child_run_reported(read_user_with_ac, &word, &report);
	tap_ok(report.end == BW_END_KERNEL_FAULT && report.defence == BW_DEFENCE_SMAP, name);
}

int main(void)
{
	for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		test_way(ways[i].name, ways[i].body, ways[i].ends);
	}
	test_smap();
	torture_check_machine();
	return tap_done();
}
