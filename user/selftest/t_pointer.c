/* Hostile pointers to every system call that takes one: refused, and nobody dies. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum { PAGE = BW_PAGE_SIZE, MAX_ARGUMENTS = 6 };

/* Stands for the hostile pointer in a row of arguments. */
#define HOSTILE 0x4841434b45444142L

/* ---- What is hostile ---- */

/* Filled in by map_surroundings: memory next to what is not. */
static uint64_t at_unmapped, before_unmapped, read_only, no_access;

static const struct {
	const char *name;
	uint64_t address;
	const uint64_t *variable; /* where the address is only known when we run */
} pointers[] = {
	{ "the highest user byte", 0x00007fffffffffff, NULL },
	{ "the first non-canonical byte", 0x0000800000000000, NULL },
	{ "the last non-canonical byte", 0xffff7fffffffffff, NULL },
	{ "the first kernel byte", 0xffff800000000000, NULL },
	{ "the direct map", 0xffff888000100000, NULL },
	{ "the entry area", 0xffffe00000000000, NULL },
	{ "the kernel image", 0xffffffff80000000, NULL },
	{ "the last byte there is", 0xffffffffffffffff, NULL },
	{ "the first page", 0x8, NULL },
	{ "the last user page", 0x00007fffffffe000, NULL },
	{ "an unmapped page", 0, &at_unmapped },
	{ "a page without access", 0, &no_access },
};

enum {
	NR_POINTERS = sizeof(pointers) / sizeof(pointers[0]),
	NR_NOT_USER = 8, /* of them, from the first: no part of the user half */
};

static void map_surroundings(void)
{
	char *pages =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(pages, 0, 4 * PAGE);
	munmap(pages + PAGE, PAGE);
	mprotect(pages + 2 * PAGE, PAGE, PROT_NONE);
	mprotect(pages + 3 * PAGE, PAGE, PROT_READ);
	at_unmapped = (uintptr_t)pages + PAGE;
	before_unmapped = at_unmapped - 4;
	no_access = (uintptr_t)pages + 2 * PAGE;
	read_only = (uintptr_t)pages + 3 * PAGE;
}

static uint64_t pointer(size_t i)
{
	return pointers[i].variable != NULL ? *pointers[i].variable : pointers[i].address;
}

/* ---- The calls ---- */

enum direction { KERNEL_READS, KERNEL_WRITES };

struct call {
	const char *name;
	long number;
	enum direction direction;
	long arguments[MAX_ARGUMENTS];
};

static struct timespec no_time;
static char scratch[64];
static const char image[] = "/etc/good-minimal";
static char *const no_words[] = { NULL };
static struct iovec hostile_vector;
static char *hostile_words[2];

#define P(x) ((long)(x))

static const struct call calls[] = {
	{ "write", SYS_write, KERNEL_READS, { 1, HOSTILE, 16 } },
	{ "readv", SYS_readv, KERNEL_READS, { 0, HOSTILE, 1 } },
	{ "writev", SYS_writev, KERNEL_READS, { 1, HOSTILE, 1 } },
	{ "writev's vector", SYS_writev, KERNEL_READS, { 1, P(&hostile_vector), 1 } },
	{ "ioctl TCGETS", SYS_ioctl, KERNEL_WRITES, { 0, TCGETS, HOSTILE } },
	{ "ioctl TCSETS", SYS_ioctl, KERNEL_READS, { 0, TCSETS, HOSTILE } },
	{ "ioctl TIOCGWINSZ", SYS_ioctl, KERNEL_WRITES, { 0, TIOCGWINSZ, HOSTILE } },
	{ "nanosleep", SYS_nanosleep, KERNEL_READS, { HOSTILE, 0 } },
	{ "clock_nanosleep",
	  SYS_clock_nanosleep,
	  KERNEL_READS,
	  { CLOCK_MONOTONIC, 0, HOSTILE, 0 } },
	{ "clock_gettime", SYS_clock_gettime, KERNEL_WRITES, { CLOCK_MONOTONIC, HOSTILE } },
	{ "execve's path", SYS_execve, KERNEL_READS, { HOSTILE, P(no_words), P(no_words) } },
	{ "execve's arguments", SYS_execve, KERNEL_READS, { P(image), HOSTILE, P(no_words) } },
	{ "execve's environment", SYS_execve, KERNEL_READS, { P(image), P(no_words), HOSTILE } },
	{ "execve's first argument",
	  SYS_execve,
	  KERNEL_READS,
	  { P(image), P(hostile_words), P(no_words) } },
	{ "rt_sigaction's new one", SYS_rt_sigaction, KERNEL_READS, { 2, HOSTILE, 0, 8 } },
	{ "rt_sigaction's old one", SYS_rt_sigaction, KERNEL_WRITES, { 2, 0, HOSTILE, 8 } },
	{ "rt_sigprocmask's new set", SYS_rt_sigprocmask, KERNEL_READS, { 0, HOSTILE, 0, 8 } },
	{ "rt_sigprocmask's old set", SYS_rt_sigprocmask, KERNEL_WRITES, { 0, 0, HOSTILE, 8 } },
	{ "uname", SYS_uname, KERNEL_WRITES, { HOSTILE } },
	{ "getrandom", SYS_getrandom, KERNEL_WRITES, { HOSTILE, 16, 0 } },
	{ "counters", 0x1000, KERNEL_WRITES, { -1, HOSTILE, 64 } },
	{ "option", 0x1001, KERNEL_WRITES, { 0, HOSTILE } },
	{ "archive_entry", 0x1002, KERNEL_WRITES, { 0, HOSTILE } },
	{ "audit", 0x1003, KERNEL_WRITES, { HOSTILE } },
	{ "pagemap's result", 0x1006, KERNEL_WRITES, { P(scratch), HOSTILE } },
	{ "memory_info", 0x1008, KERNEL_WRITES, { HOSTILE } },
};

/*
 * Calls that wait for a key before they look at a buffer that might be good: only what never can
 * be.
 */
static const struct call waiting_calls[] = {
	{ "read", SYS_read, KERNEL_WRITES, { 0, HOSTILE, 16 } },
	{ "readv's vector", SYS_readv, KERNEL_WRITES, { 0, P(&hostile_vector), 1 } },
};

enum { NR_CALLS = sizeof(calls) / sizeof(calls[0]) };

static long invoke(const struct call *call, uint64_t address)
{
	long a[MAX_ARGUMENTS];

	hostile_vector = (struct iovec){ .iov_base = (void *)address, .iov_len = 16 };
	hostile_words[0] = (char *)address;
	for (int i = 0; i < MAX_ARGUMENTS; i++) {
		a[i] = call->arguments[i] == HOSTILE ? (long)address : call->arguments[i];
	}
	return syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]) == -1 ? errno : 0;
}

/* The number of the first of these pointers that was not refused, from 1. */
static int try_pointers(const struct call *call, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		if (invoke(call, pointer(i)) != EFAULT) {
			return (int)i + 1;
		}
	}
	return 0;
}

static int try_all_pointers(void *call) { return try_pointers(call, NR_POINTERS); }

static int try_not_user(void *call) { return try_pointers(call, NR_NOT_USER); }

/* Memory that ends too early, or that may not be written. */
static int try_edges(void *argument)
{
	const struct call *call = argument;

	if (invoke(call, before_unmapped) != EFAULT) {
		return 1;
	}
	return call->direction == KERNEL_WRITES && invoke(call, read_only) != EFAULT ? 2 : 0;
}

/*
 * Calls that may do a part of their work before they meet the edge, or find a word of zeros before
 * it.
 */
static bool may_stop_early(const struct call *call)
{
	return call->number == SYS_write || call->number == SYS_writev ||
	       call->number == SYS_execve || call->number == SYS_getrandom ||
	       call->number == SYS_readv;
}

static void test_pointers(const struct call *call, child_body body)
{
	int code = child_exit_code(child_run(body, (void *)call));

	if (!tap_is(code, 0, "%s: every hostile pointer is EFAULT", call->name) && code > 0 &&
	    code <= NR_POINTERS) {
		tap_note("the first that was not: %s", pointers[code - 1].name);
	}
}

static void test_call(const struct call *call)
{
	test_pointers(call, try_all_pointers);
	if (!may_stop_early(call)) {
		tap_is(child_exit_code(child_run(try_edges, (void *)call)), 0,
		       "%s: an edge of memory is EFAULT", call->name);
	}
}

/* ---- Lengths ---- */

static int try_lengths(void *unused)
{
	static const size_t lengths[] = { SIZE_MAX, SIZE_MAX - PAGE, (size_t)1 << 63,
					  (size_t)1 << 47 };

	(void)unused;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct iovec vector = { .iov_base = scratch, .iov_len = lengths[i] };

		if (syscall(SYS_write, 1, scratch, lengths[i]) != -1 ||
		    (errno != EFAULT && errno != EINVAL)) {
			return 1;
		}
		if (syscall(SYS_writev, 1, &vector, 1) != -1 ||
		    (errno != EFAULT && errno != EINVAL)) {
			return 2;
		}
		if (syscall(SYS_readv, 0, &vector, 1) != -1 ||
		    (errno != EFAULT && errno != EINVAL)) {
			return 3;
		}
	}
	if (syscall(SYS_writev, 1, &hostile_vector, -1) != -1 || errno != EINVAL) {
		return 4;
	}
	return syscall(SYS_writev, 1, scratch, 100000) == -1 && errno == EINVAL ? 0 : 5;
}

/* ---- The thread's exit word, and what is set rather than read ---- */

static int exit_with_hostile_word(void *argument)
{
	syscall(SYS_set_tid_address, *(uint64_t *)argument);
	return 0;
}

static int set_hostile_fs(void *unused)
{
	static const uint64_t bases[] = { 0x0000800000000000, 0xffff888000000000,
					  0xffffffff80000000 };

	(void)unused;
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		/* Straight, since a success would take errno away. */
		long result;

		__asm__ volatile("syscall"
				 : "=a"(result)
				 : "a"((long)SYS_arch_prctl), "D"(0x1002L), "S"(bases[i])
				 : "rcx", "r11", "memory");
		if (result != -EPERM && result != -EINVAL && result != -EFAULT) {
			return (int)i + 1;
		}
	}
	return 0;
}

static int wait_into(void *argument)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(0);
	}
	return syscall(SYS_wait4, child, *(uint64_t *)argument, 0, 0) == -1 && errno == EFAULT ? 0
											       : 1;
}

static void test_others(void)
{
	bool all_exit = true, all_refused = true;

	for (size_t i = 0; i < NR_POINTERS; i++) {
		uint64_t address = pointer(i);

		all_exit = child_run(exit_with_hostile_word, &address) == 0 && all_exit;
		all_refused = child_run(wait_into, &address) == 0 && all_refused;
	}
	tap_ok(all_exit, "a hostile set_tid_address does no harm at exit");
	tap_ok(all_refused, "wait4 and report: every hostile pointer is EFAULT");
	tap_is(child_exit_code(child_run(set_hostile_fs, NULL)), 0, "a hostile FS base is refused");
	tap_is(child_exit_code(child_run(try_lengths, NULL)), 0, "wrapping lengths are refused");
}

int main(void)
{
	map_surroundings();
	for (size_t i = 0; i < NR_CALLS; i++) {
		test_call(&calls[i]);
	}
	for (size_t i = 0; i < sizeof(waiting_calls) / sizeof(waiting_calls[0]); i++) {
		test_pointers(&waiting_calls[i], try_not_user);
	}
	test_others();
	tap_ok(nanosleep(&no_time, NULL) == 0, "the caller goes on as before");
	return tap_done();
}
