/*
 * Random system calls with random arguments, from fixed seeds: the task may ruin itself, the kernel
 * may not.
 */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "raw_call.h"
#include "tap.h"

enum {
	NR_SEEDS = 12,
	NR_CALLS_PER_SEED = 1500,
	NR_ARGUMENTS = 6,
	NR_UNKNOWN = 2000,
	CONSOLE_LAST_FD = 2
};

#define SYSCALL(number, name, nr_arguments) number,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) number,
static const long known_calls[] = {
#include "abi/syscalls.def"
};
#undef SYSCALL
#undef SYSCALL_WITH_REGS

enum { NR_KNOWN = sizeof(known_calls) / sizeof(known_calls[0]) };

static uint64_t state;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/*
 * Calls that would end the test, the machine or the console rather than find a bug, or never
 * return.
 */
static bool is_left_out(long number)
{
	static const long left_out[] = {
		SYS_exit,
		SYS_exit_group,
		SYS_fork,
		SYS_vfork,
		SYS_clone,
		SYS_futex /* may wait for ever */,
		SYS_kill,
		SYS_tkill,
		SYS_tgkill,
		SYS_pause,
		SYS_poll,
		SYS_nanosleep,
		SYS_clock_nanosleep,
		SYS_wait4,
		0x1003 /* audit: slow */,
		BW_NR_scan /* the same */,
		0x1005 /* power_off */,
		BW_NR_reboot,
		0x100a /* foreground */,
		0x100b /* ktest */,
	};

	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++) {
		if (left_out[i] == number) {
			return true;
		}
	}
	return number >= 0x1100; /* the vulnerable calls do as they are told */
}

static bool takes_descriptor(long number)
{
	return number == SYS_read || number == SYS_write || number == SYS_readv ||
	       number == SYS_writev || number == SYS_ioctl || number == SYS_close;
}

static uint64_t draw_argument(const char *page)
{
	static const uint64_t special[] = {
		0,
		1,
		2,
		7,
		0x1000,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x00007ffffffff000,
		0x0000800000000000,
		0xffff800000000000,
		0xffff888000000000,
		0xffffe00000000000,
		0xffffffff80000000,
		0x8000000000000fff,
		0xfffffffffffff000,
		0xffffffffffffffff,
	};

	switch (draw() % 4) {
	case 0: return special[draw() % (sizeof(special) / sizeof(special[0]))];
	case 1: return (uintptr_t)page + draw() % (2 * BW_PAGE_SIZE);
	case 2: return draw() % 4096;
	default: return draw();
	}
}

static int call_at_random(void *seed)
{
	char *page = mmap(NULL, BW_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	state = *(uint64_t *)seed;
	for (int i = 0; i < NR_CALLS_PER_SEED; i++) {
		uint64_t arguments[NR_ARGUMENTS];
		long number = known_calls[draw() % NR_KNOWN];

		for (int j = 0; j < NR_ARGUMENTS; j++) {
			arguments[j] = draw_argument(page);
		}
		if (takes_descriptor(number) && (uint32_t)arguments[0] <= CONSOLE_LAST_FD) {
			arguments[0] += CONSOLE_LAST_FD + 1;
		}
		if (!is_left_out(number)) {
			raw_call((uint64_t)number, arguments);
		}
	}
	return 0;
}

static void test_known(void)
{
	for (int i = 1; i <= NR_SEEDS; i++) {
		uint64_t seed = (uint64_t)i * 0x9e3779b97f4a7c15;
		struct bw_report report = { 0 };
		int status = child_run_reported(call_at_random, &seed, &report);

		/* It may well unmap itself: a fault of its own is its own affair. */
		bool is_harmless = status >= 0 && report.end != BW_END_KERNEL_FAULT;

		if (!tap_ok(is_harmless, "random calls with seed %d end in user mode", i)) {
			tap_note("wait status 0x%x: %s", status, report.text);
		}
	}
}

static bool is_known(uint64_t number)
{
	for (size_t i = 0; i < NR_KNOWN; i++) {
		if ((uint64_t)known_calls[i] == number) {
			return true;
		}
	}
	return false;
}

static int unknown_numbers(void *unused)
{
	static const uint64_t arguments[NR_ARGUMENTS];
	static const uint64_t edges[] = {
		500,
		0xfff,
		0x10ff,
		0x11ff,
		0x2000,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0xffffffff80000000,
		0x8000000000000fff,
		0xffffffffffffffff,
		0xfffffffffffff000,
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		if (raw_call(edges[i], arguments) != -ENOSYS) {
			return 1;
		}
	}
	for (int i = 0; i < NR_UNKNOWN; i++) {
		uint64_t number = i % 2 == 0 ? draw() : draw() % 8192;

		if (!is_known(number) && !is_known((uint32_t)number) &&
		    raw_call(number, arguments) != -ENOSYS) {
			return 2;
		}
	}
	return 0;
}

/* getpid's number with rubbish in the upper half, which is not looked at. */
static int sign_extended(void *unused)
{
	static const uint64_t arguments[NR_ARGUMENTS];
	long result = raw_call(0xffffffff00000000 | SYS_getpid, arguments);

	(void)unused;
	return result == getpid() ? 0 : 1;
}

int main(void)
{
	state = 12345;
	tap_is(child_run(unknown_numbers, NULL), 0, "unknown numbers are ENOSYS");
	tap_is(child_run(sign_extended, NULL), 0, "a number with a wild upper half does no harm");
	test_known();
	return tap_done();
}
