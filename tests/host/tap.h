/*
 * TAP for host tests. One file per program, included by its main source alone.
 *
 *   ok(condition, "name, as for printf")
 *   is(got, expected, ...)       integers; a failure prints both
 *   is_text(got, expected, ...)  strings
 *   dies(body, "part of the message", ...)  body() must abort after printing that to stderr
 *   apart(body, ...)             body() in a process of its own, whose points count as one
 *   diag(...)                    a comment line
 *   soak(long, short)            long in `make soak`, else short
 *   plan(number)                 optional; a run that ends early then fails
 *   return done_testing();       at the end of main
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned tap_nr_tests, tap_nr_failed, tap_nr_planned;

__attribute__((format(printf, 1, 2), unused)) static void diag(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("# ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

__attribute__((unused)) static void plan(unsigned nr_tests)
{
	tap_nr_planned = nr_tests;
	printf("1..%u\n", nr_tests);
}

__attribute__((format(printf, 4, 5))) static bool tap_point(bool passed, const char *file, int line,
							    const char *format, ...)
{
	va_list arguments;

	tap_nr_tests++;
	tap_nr_failed += !passed;
	va_start(arguments, format);
	printf("%sok %u - ", passed ? "" : "not ", tap_nr_tests);
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	if (!passed) {
		printf("#   at %s:%d\n", file, line);
	}
	fflush(stdout);
	return passed;
}

__attribute__((unused)) static unsigned long soak(unsigned long longer, unsigned long shorter)
{
	return getenv("SOAK") ? longer : shorter;
}

#define ok(condition, ...)                                                                         \
	({                                                                                         \
		bool tap_passed = tap_point(!!(condition), __FILE__, __LINE__, __VA_ARGS__);       \
		if (!tap_passed) {                                                                 \
			diag("  expected: %s", #condition);                                        \
			diag("       got: false");                                                 \
		}                                                                                  \
		tap_passed;                                                                        \
	})

#define is(got, expected, ...)                                                                     \
	({                                                                                         \
		unsigned long long tap_got = (unsigned long long)(got);                            \
		unsigned long long tap_expected = (unsigned long long)(expected);                  \
		bool tap_passed =                                                                  \
			tap_point(tap_got == tap_expected, __FILE__, __LINE__, __VA_ARGS__);       \
		if (!tap_passed) {                                                                 \
			diag("  expected: %lld (%#llx)", (long long)tap_expected, tap_expected);   \
			diag("       got: %lld (%#llx)", (long long)tap_got, tap_got);             \
		}                                                                                  \
		tap_passed;                                                                        \
	})

#define is_text(got, expected, ...)                                                                \
	({                                                                                         \
		const char *tap_got = (got), *tap_expected = (expected);                           \
		bool tap_passed = tap_point(strcmp(tap_got, tap_expected) == 0, __FILE__,          \
					    __LINE__, __VA_ARGS__);                                \
		if (!tap_passed) {                                                                 \
			diag("  expected: %s", tap_expected);                                      \
			diag("       got: %s", tap_got);                                           \
		}                                                                                  \
		tap_passed;                                                                        \
	})

/* Runs body in a child process; true when none of its points failed. What it said is then dropped.
 */
__attribute__((unused)) static bool tap_apart(void (*body)(void))
{
	FILE *said = tmpfile();
	char line[512];
	int status;
	pid_t child;

	fflush(stdout);
	if (!said || (child = fork()) < 0) {
		abort();
	}
	if (child == 0) {
		dup2(fileno(said), STDOUT_FILENO);
		tap_nr_tests = tap_nr_failed = 0;
		body();
		fflush(stdout);
		_exit(!tap_nr_tests || tap_nr_failed);
	}
	waitpid(child, &status, 0);
	rewind(said);
	while (status && fgets(line, sizeof(line), said)) {
		printf("#   %s", line);
	}
	fclose(said);
	return !status;
}

#define apart(body, ...) tap_point(tap_apart(body), __FILE__, __LINE__, __VA_ARGS__)

/* Runs body in a child process and keeps what it prints to stderr; true when it ended by a signal.
 */
__attribute__((unused)) static bool tap_died(void (*body)(void), char *text, size_t size_bytes)
{
	int ends[2], status;
	size_t len = 0;
	ssize_t got;
	pid_t child;

	fflush(stdout);
	if (pipe(ends) != 0 || (child = fork()) < 0) {
		abort();
	}
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		body();
		_exit(0);
	}
	close(ends[1]);
	while ((got = read(ends[0], text + len, size_bytes - 1 - len)) > 0) {
		len += (size_t)got;
	}
	text[len] = '\0';
	close(ends[0]);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status);
}

#define dies(body, message, ...)                                                                   \
	({                                                                                         \
		char tap_text[4096];                                                               \
		bool tap_did = tap_died(body, tap_text, sizeof(tap_text));                         \
		bool tap_passed = tap_point(tap_did && strstr(tap_text, message), __FILE__,        \
					    __LINE__, __VA_ARGS__);                                \
		if (!tap_passed) {                                                                 \
			diag("  expected: death with \"%s\"", message);                            \
			diag("       got: %s, \"%s\"", tap_did ? "death" : "survival", tap_text);  \
		}                                                                                  \
		tap_passed;                                                                        \
	})

/* The exit status of the program. */
__attribute__((unused)) static int done_testing(void)
{
	if (tap_nr_planned == 0) {
		printf("1..%u\n", tap_nr_tests);
	}
	return tap_nr_failed == 0 && tap_nr_tests > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
