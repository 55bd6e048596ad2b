/* Hostile pointers to every system call that takes one: refused, and nobody dies. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "bulwark.h"
#include "bulwark_vuln.h"
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

enum direction { IN, OUT };
enum how { NONE, NOW, PART, WAITS, ZOMBIE, LATE };

struct row {
	long number;
	const char *call, *which;
	enum how how;
	enum direction direction;
	size_t size_bytes;
	long arguments[MAX_ARGUMENTS];
};

static struct timespec no_time;
static char scratch[64], zeroes[64];
static char page[2 * PAGE] __attribute__((aligned(PAGE)));
static const char image[] = "/etc/good-minimal";
static char *const no_words[] = { NULL };
static struct iovec hostile_vector;
static char *hostile_words[2];

#define P(x) ((long)(x))
/* Stands for a child that has ended. */
#define zombie 0x3e1d3e1d3e1dL

#define SYSCALL(number, name, nr_arguments) NR_##name = (number),
#define SYSCALL_WITH_REGS SYSCALL
enum {
#include "abi/syscalls.def"
};
#undef SYSCALL

#define POINTER(name, which, how, direction, size, ...)                                            \
	{ NR_##name, #name, which, how, direction, size, { __VA_ARGS__ } },
#define NO_POINTER(name) { .number = NR_##name, .how = NONE },
static const struct row rows[] = {
#include "pointers.inc"
};

enum { NR_ROWS = sizeof(rows) / sizeof(rows[0]) };

#define SYSCALL(number, name, nr_arguments) { number, nr_arguments, #name },
static const struct {
	long number;
	int nr_arguments;
	const char *name;
} calls[] = {
#include "abi/syscalls.def"
};

static bool has_row(long number)
{
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (rows[i].number == number) {
			return true;
		}
	}
	return false;
}

static void test_rows(void)
{
	bool all_have = true;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].nr_arguments != 0 && !has_row(calls[i].number)) {
			tap_note("%s", calls[i].name);
			all_have = false;
		}
	}
	tap_ok(all_have, "every call with arguments has a row in pointers.inc");
}

static pid_t child_that_ended(void)
{
	pid_t child = fork();

	if (child == 0) {
		_exit(0);
	}
	return child;
}

/* What the call fails with; 0: it does not. A child that clone makes ends at once. */
static int invoke(const struct row *row, uint64_t address)
{
	pid_t child = row->how == ZOMBIE ? child_that_ended() : 0;
	long a[MAX_ARGUMENTS], result;
	int failed_with;

	hostile_vector = (struct iovec){ .iov_base = (void *)address, .iov_len = 16 };
	hostile_words[0] = (char *)address;
	for (int i = 0; i < MAX_ARGUMENTS; i++) {
		a[i] = row->arguments[i] == HOSTILE  ? (long)address
		       : row->arguments[i] == zombie ? child
						     : row->arguments[i];
	}
	errno = 0;
	result = syscall(row->number, a[0], a[1], a[2], a[3], a[4], a[5]);
	failed_with = errno;
	if (row->number == SYS_clone && result == 0) {
		_exit(0);
	}
	while (child > 0 && wait4(-1, NULL, 0, NULL) > 0) {}
	return result == -1 ? failed_with : 0;
}

enum { CODE_EDGE = 100, CODE_NO_CALL };

/* From 1: the number of the first of these pointers that was not refused. */
static int try_pointers(const struct row *row, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		int failed_with = invoke(row, pointer(i));

		if (failed_with == ENOSYS) {
			return CODE_NO_CALL;
		}
		if (row->how != LATE && failed_with != EFAULT &&
		    !(row->number == NR_futex && failed_with == EINVAL && pointer(i) % 4)) {
			return (int)i + 1;
		}
	}
	return 0;
}

/* Memory that ends after the first byte, or before the last; or that may not be written. */
static int try_edges(const struct row *row)
{
	if (row->size_bytes > 1 && (invoke(row, at_unmapped - 1) != EFAULT ||
				    invoke(row, at_unmapped - row->size_bytes + 1) != EFAULT)) {
		return CODE_EDGE;
	}
	return row->direction == OUT && invoke(row, read_only) != EFAULT ? CODE_EDGE : 0;
}

static int try_row(void *argument)
{
	const struct row *row = argument;
	int code = try_pointers(row, row->how == WAITS ? NR_NOT_USER : NR_POINTERS);

	return code == 0 && (row->how == NOW || row->how == ZOMBIE) ? try_edges(row) : code;
}

static void test_row(const struct row *row)
{
	int code = child_exit_code(child_run(try_row, (void *)row));

	if (code == CODE_NO_CALL) {
		tap_skip(row->call, "not offered here");
		return;
	}
	tap_is(code, 0, "%s: a hostile pointer to its %s %s", row->call, row->which,
	       row->how == LATE ? "does no harm" : "is EFAULT");
	if (code > 0 && code <= NR_POINTERS) {
		tap_note("the first that was not: %s", pointers[code - 1].name);
	} else if (code == CODE_EDGE) {
		tap_note("memory that ends early, or is read-only");
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

/* ---- What is set rather than read ---- */

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

int main(void)
{
	map_surroundings();
	test_rows();
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (rows[i].how != NONE) {
			test_row(&rows[i]);
		}
	}
	tap_is(child_exit_code(child_run(set_hostile_fs, NULL)), 0, "a hostile FS base is refused");
	tap_is(child_exit_code(child_run(try_lengths, NULL)), 0, "wrapping lengths are refused");
	tap_ok(nanosleep(&no_time, NULL) == 0, "the caller goes on as before");
	return tap_done();
}
