/*
 * User bytes do not rest in kernel memory: a program whose memory is full of a marker makes every
 * kind of call, and then the marker is not found in anything that the kernel owns.
 *
 * What a thread has in its registers the kernel keeps while the thread waits: its last general
 * registers on its stack, the floating-point ones in its structure. That is by design; it is shown,
 * not refused.
 */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "registers.h"
#include "tap.h"

/* Printable, as some of it goes to the console. The marker itself is nowhere in this program. */
#define MARKER_INVERSE (~0x2365755364497345UL)
enum {
	MEMORY = 1 << 20,
	NR_STRINGS = 40,
	LONG_STRING = 2000,
	FLOAT_SSE = 160,
	FLOAT_SSE_BYTES = 256
};

static uint64_t marker(void)
{
	volatile uint64_t inverse = MARKER_INVERSE;

	return ~inverse;
}

/* In memory alone: what is in a register is kept at the next call, or interrupt. */
static void fill(void *at, size_t len_bytes)
{
	uint64_t *words = at;

	for (size_t i = 0; i < len_bytes / sizeof(*words); i++) {
		words[i] = MARKER_INVERSE;
		__asm__ volatile("notq %0" : "+m"(words[i]));
	}
}

static char *full_memory(void)
{
	char *memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	fill(memory, MEMORY);
	return memory;
}

/* ---- Kinds of calls; each leaves nothing behind ---- */

static int write_it(void *unused)
{
	char *memory = full_memory();
	struct iovec pieces[2] = { { memory, 16 }, { memory + 64, 8 } };

	(void)unused;
	memcpy(memory, "# ", 2);
	memory[70] = '\n';
	syscall(SYS_write, 1, memory, 71);
	memcpy(memory, "# ", 2);
	memory[71] = '\n';
	syscall(SYS_writev, 1, pieces, 2);
	syscall(SYS_write, 77, memory, MEMORY);
	return 0;
}

static int execute_it(void *unused)
{
	char *memory = full_memory();
	char *arguments[NR_STRINGS + 1];

	(void)unused;
	for (int i = 0; i < NR_STRINGS; i++) {
		arguments[i] = memory + i * (LONG_STRING + 8);
		arguments[i][LONG_STRING] = '\0';
	}
	arguments[NR_STRINGS] = NULL;
	memory[200 * 1024 + 100] = '\0';
	/* a path that is not there, and one too long */
	syscall(SYS_execve, memory + 200 * 1024, arguments, arguments);
	syscall(SYS_execve, memory + 300 * 1024, arguments, arguments);
	return 0;
}

static int execute_another(void *unused)
{
	char *memory = full_memory();

	(void)unused;
	memory[LONG_STRING] = '\0';
	syscall(SYS_execve, "/bin/t_residue", (char *const[]){ "t_residue", "end", memory, NULL },
		(char *const[]){ memory, NULL });
	return 1;
}

static int set_terminal(void *unused)
{
	struct termios before, after;

	(void)unused;
	if (ioctl(0, TCGETS, &before) != 0) {
		return 0;
	}
	after = before;
	fill(after.c_cc, 16);
	ioctl(0, TCSETS, &after);
	return ioctl(0, TCSETS, &before) == 0 ? 0 : 1;
}

static int take_small_things(void *unused)
{
	char *memory = full_memory();
	uint64_t other[8];

	(void)unused;
	fill(other, sizeof(other));
	syscall(SYS_rt_sigaction, SIGUSR1, memory, other, 8);
	syscall(SYS_rt_sigprocmask, 0, memory, other, 8);
	syscall(SYS_rt_sigprocmask, 2, &(uint64_t){ 0 }, NULL, 8);
	syscall(SYS_nanosleep, memory, memory);
	syscall(SYS_sched_setaffinity, 0, 128, memory);
	syscall(SYS_futex, memory, 0, 1, memory);
	syscall(SYS_futex, memory, 1, 1);
	syscall(SYS_madvise, memory, MEMORY / 2, 4);
	return 0;
}

static int share_memory(void *unused)
{
	char *memory = full_memory();
	pid_t child = fork();

	(void)unused;
	if (child == 0) {
		memory[0] = 1; /* a page is copied */
		_exit(0);
	}
	child_wait(child);
	memory[BW_PAGE_SIZE] = 1;
	mprotect(memory, MEMORY, PROT_READ);
	return munmap(memory, MEMORY);
}

/* ---- What a thread has in its registers ---- */

REGISTERS_ACROSS(across_call, "syscall\n")

/* sched_yield, or a sleep that does not end. */
static int call_with_registers(void *sleeps)
{
	static const struct timespec long_time = { .tv_sec = 1000 };

	registers_fill();
	for (int i = 0; i < NR_REGISTERS; i++) {
		registers_before[i] = marker();
	}
	registers_before[FLAGS] = FLAGS_SET;
	registers_before[SELECTORS] = 0;
	registers_before[RAX] = sleeps ? SYS_nanosleep : SYS_sched_yield;
	registers_before[RDI] = sleeps ? (uintptr_t)&long_time : marker();
	fill(float_before + FLOAT_SSE, FLOAT_SSE_BYTES);
	across_call(NULL);
	return 0;
}

static uint64_t found(bool and_freed, struct bw_scan *scan)
{
	return bw_scan(MARKER_INVERSE, and_freed, scan) == 0 ? scan->nr_found : UINT64_MAX;
}

static void tell(bool passed, const char *name, const struct bw_scan *scan)
{
	if (!tap_ok(passed, "%s leaves no byte of the program in kernel memory", name)) {
		tap_note("found %lu, the first at 0x%lx, owner %s", scan->nr_found, scan->address,
			 scan->owner);
	}
}

/* After the program's end. */
static void test(const char *name, child_body body)
{
	bool is_done = child_exit_code(child_run(body, NULL)) == 0;
	struct bw_scan scan = { 0 };

	tell(is_done && found(false, &scan) == 0, name, &scan);
}

/* While the program goes on, in user mode: its kernel stack is as the calls left it. */
static void test_alive(const char *name, child_body body, bool and_freed)
{
	volatile int *is_done =
		mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct bw_scan scan = { 0 };
	pid_t child = fork();

	if (child == 0) {
		*is_done = 1 + body(NULL);
		for (;;) {}
	}
	for (int i = 0; i < 5000 && *is_done == 0; i++) {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	tell(*is_done == 1 && found(and_freed, &scan) == 0, name, &scan);
	kill(child, SIGKILL);
	child_wait(child);
}

/* The scan finds what is there: the name of a program lies in its structure. */
static void test_scan(void)
{
	struct bw_scan scan = { 0 };
	uint64_t name;

	memcpy(&name, "t_residu", sizeof(name));
	tap_ok(bw_scan(~name, false, &scan) == 0 && scan.nr_found > 0 && scan.nr_bytes > MEMORY,
	       "the scan finds the program's name in kernel memory");
}

/* By design, and the proof that a program's bytes would be found. */
static void test_registers(void)
{
	const struct timespec nap = { .tv_nsec = 50000000 };
	struct bw_scan scan = { 0 };
	pid_t child = fork();

	if (child == 0) {
		_exit(call_with_registers(&scan));
	}
	nanosleep(&nap, NULL);
	tap_ok(found(false, &scan) > 0 && strcmp(scan.owner, "KERNEL") == 0,
	       "the registers of a thread that sleeps are kept by the kernel, and found");
	kill(child, SIGKILL);
	child_wait(child);
	test("a program with the marker in all registers, once it has ended,", call_with_registers);
}

static bool is_cleared_at_free(void)
{
	return bw_option_is("xpfo", "v1") || bw_option_is("xpfo", "sync") ||
	       bw_option_is("xpfo", "pageblock") || bw_option_is("xpfo", "epoch");
}

int main(int argc, char *const argv[])
{
	struct bw_scan scan = { 0 };

	if (argc > 1 && strcmp(argv[1], "end") == 0) {
		return 0;
	}
	if (bw_scan(0, false, &scan) == -ENOSYS) {
		tap_skip("the scan of kernel memory", "it needs the boot option ktest=on");
		return tap_done();
	}
	if (!is_cleared_at_free()) {
		tap_skip("the scan of kernel memory",
			 "free frames keep what programs wrote: see ret2dir_residue");
		return tap_done();
	}
	test_scan();
	test_alive("write", write_it, false);
	test_alive("execve that fails", execute_it, true);
	test("execve", execute_another);
	test("setting the terminal", set_terminal);
	/* numbers that the kernel takes from memory pass through its stack, as those in registers
	 * do */
	test("a row of calls that read structures", take_small_things);
	test_alive("fork, and pages that are copied", share_memory, false);
	test_registers();
	return tap_done();
}
