/* execve: what a program is given, and what is refused. */
#include <elf.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

#define SELF "/bin/t_exec"

/* etc/policy has a rule for it, and a user */
#define CAGED "/bin/caged"

enum {
	NR_ARGUMENTS = 100,
	CODE_AS_EXPECTED = 42,
	CODE_NOT_SECURE = 50, /* caged.c */
	CODE_SECURE = 51,
	CAGED_USER = 1001
};

extern char **environ;
extern const Elf64_Ehdr __ehdr_start; /* the linker's */

/* What the program is given when a test runs it again: argv[1] names the check. */
static char *const plain_arguments[] = { "t_exec", "plain", "", "two words", "\xff\x01", NULL };
static char *const plain_environment[] = { "A=1", "EMPTY=", "LONG=abcdefghijklmnopqrstuvwxyz",
					   NULL };

static bool is_same_list(char *const *got, char *const *wanted)
{
	while (*got != NULL && *wanted != NULL) {
		if (strcmp(*got++, *wanted++) != 0) {
			return false;
		}
	}
	return *got == *wanted;
}

/* The auxiliary vector is that of this file, and of who runs it. */
static bool is_known(char *argv[])
{
	return getauxval(AT_PHDR) == (uint64_t)&__ehdr_start + __ehdr_start.e_phoff &&
	       getauxval(AT_PHNUM) == __ehdr_start.e_phnum &&
	       getauxval(AT_ENTRY) == __ehdr_start.e_entry && getauxval(AT_UID) == getuid() &&
	       getauxval(AT_EUID) == geteuid() && getauxval(AT_SECURE) == 0 &&
	       getauxval(AT_PAGESZ) == BW_PAGE_SIZE && getauxval(AT_RANDOM) > (uint64_t)argv;
}

static int run_as_child(int argc, char *argv[])
{
	if (strcmp(argv[1], "plain") == 0) {
		return is_same_list(argv, plain_arguments) &&
				       is_same_list(environ, plain_environment) && is_known(argv)
			       ? CODE_AS_EXPECTED
			       : 1;
	}
	if (strcmp(argv[1], "many") == 0) {
		for (int i = 2; i < argc; i++) {
			if (atoi(argv[i]) != i) {
				return 2;
			}
		}
		return argc == NR_ARGUMENTS && environ[0] == NULL ? CODE_AS_EXPECTED : 1;
	}
	if (strcmp(argv[1], "pid") == 0) {
		return atoi(argv[2]) == getpid() && getuid() == 1000 && is_known(argv)
			       ? CODE_AS_EXPECTED
			       : 1;
	}
	return 3;
}

/* As a user, or as who runs this. */
static int exec_caged(void *user)
{
	char *const arguments[] = { "caged", "secure", NULL };

	if (user != NULL && setuid(*(uid_t *)user) != 0) {
		return errno;
	}
	execv(CAGED, arguments);
	return errno;
}

static int exec_caged_closed(void *user)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		close(fd);
	}
	return exec_caged(user);
}

static void test_secure(void)
{
	uid_t own = CAGED_USER, other = CAGED_USER + 1;

	tap_is(child_exit_code(child_run(exec_caged, NULL)), CODE_SECURE,
	       "a program that its rule runs as another user is told so");
	tap_is(child_exit_code(child_run(exec_caged, &other)), CODE_SECURE, "whoever begins it");
	tap_is(child_exit_code(child_run(exec_caged_closed, &other)), CODE_SECURE,
	       "with the descriptors that its caller closed");
	tap_is(child_exit_code(child_run(exec_caged, &own)), CODE_NOT_SECURE,
	       "but not by that user himself");
}

static int exec_plain(void *path)
{
	execve(path, plain_arguments, plain_environment);
	return errno;
}

static int exec_many(void *unused)
{
	static char text[NR_ARGUMENTS][8];
	char *arguments[NR_ARGUMENTS + 1] = { "t_exec", "many" };
	char *const nothing[] = { NULL };

	(void)unused;
	for (int i = 2; i < NR_ARGUMENTS; i++) {
		snprintf(text[i], sizeof(text[i]), "%d", i);
		arguments[i] = text[i];
	}
	execve(SELF, arguments, nothing);
	return errno;
}

static int exec_as_user(void *unused)
{
	char pid[16];
	char *arguments[] = { "t_exec", "pid", pid, NULL };

	(void)unused;
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setuid(1000);
	execve(SELF, arguments, environ);
	return errno;
}

/* As many pointers to one long string as it takes for the total to be absurd. */
static int exec_too_long(void *unused)
{
	enum { LENGTH = 60000, NR = 1000 };
	static char text[LENGTH + 1];
	static char *arguments[NR + 1];

	(void)unused;
	memset(text, 'x', LENGTH);
	for (int i = 0; i < NR; i++) {
		arguments[i] = text;
	}
	execve(SELF, arguments, environ);
	return errno;
}

static int exec_too_many(void *unused)
{
	enum { NR = 1 << 20 };
	static char *arguments[NR + 1];

	(void)unused;
	for (int i = 0; i < NR; i++) {
		arguments[i] = "";
	}
	execve(SELF, arguments, environ);
	return errno;
}

static int exec_no_arguments(void *unused)
{
	char *const nothing[] = { NULL };

	(void)unused;
	execve(SELF, nothing, nothing);
	return errno;
}

static int exec_null_lists(void *unused)
{
	(void)unused;
	execve(SELF, NULL, NULL);
	return errno;
}

/* Of a page that the program has not used yet: it is mapped for reading, too. */
static int read_stack(void *unused)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	(void)unused;
	return *(const volatile char *)(here - 64 * BW_PAGE_SIZE);
}

static int run_stack(void *unused)
{
	volatile unsigned char code[] = { 0xc3 }; /* RET */

	(void)unused;
	__asm__ volatile("call *%0" : : "r"(code) : "memory", "cc");
	return 0;
}

static void test_stack(void)
{
	tap_is(child_exit_code(child_run(read_stack, NULL)), 0,
	       "what the stack has not reached yet is zero");
	tap_is(child_signal(child_run(run_stack, NULL)), SIGSEGV, "the stack does not run");
}

static void test_refused(void)
{
	static char long_path[10000];

	memset(long_path, 'a', sizeof(long_path) - 1);
	tap_is(child_exit_code(child_run(exec_plain, "/bin/none")), ENOENT,
	       "a missing program is ENOENT");
	tap_is(child_exit_code(child_run(exec_plain, "")), ENOENT, "an empty path is ENOENT");
	tap_is(child_exit_code(child_run(exec_plain, long_path)), ENAMETOOLONG,
	       "an endless path is ENAMETOOLONG");
	tap_is(child_exit_code(child_run(exec_too_long, NULL)), E2BIG,
	       "60 MB of arguments are E2BIG");
	tap_is(child_exit_code(child_run(exec_too_many, NULL)), E2BIG,
	       "a million arguments are E2BIG");
}

int main(int argc, char *argv[])
{
	if (argc > 1) {
		return run_as_child(argc, argv);
	}
	/* who gives none gives an empty name, as on Linux */
	if (argv[0][0] == '\0') {
		return CODE_AS_EXPECTED;
	}
	tap_is(child_exit_code(child_run(exec_plain, SELF)), CODE_AS_EXPECTED,
	       "arguments and environment arrive");
	tap_is(child_exit_code(child_run(exec_many, NULL)), CODE_AS_EXPECTED,
	       "a hundred arguments arrive");
	tap_is(child_exit_code(child_run(exec_as_user, NULL)), CODE_AS_EXPECTED,
	       "execve keeps the pid and the uid");
	test_secure();
	test_stack();
	test_refused();
	tap_ok(child_run(exec_no_arguments, NULL) >= 0, "no arguments at all do no harm");
	tap_ok(child_run(exec_null_lists, NULL) >= 0, "NULL for both lists does no harm");
	return tap_done();
}
