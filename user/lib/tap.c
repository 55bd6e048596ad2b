/* Prints test results. */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int nr_tests;
static int nr_failed;

/* The number of the first test in the stream, or 0 where this program is the stream. */
static int first_number(void)
{
	const char *text = getenv("TAP_FIRST");

	return text != NULL ? atoi(text) : 0;
}

static void print_result(bool passed, const char *format, va_list arguments)
{
	int first = first_number();

	printf("%sok %d - ", passed ? "" : "not ", (first > 0 ? first : 1) + nr_tests);
	vprintf(format, arguments);
	putchar('\n');
	/* A child that is forked later must not hold a copy of this line. */
	fflush(stdout);
	nr_tests++;
	nr_failed += !passed;
}

bool tap_ok(bool passed, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_result(passed, format, arguments);
	va_end(arguments);
	return passed;
}

bool tap_is(long got, long wanted, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_result(got == wanted, format, arguments);
	va_end(arguments);
	if (got != wanted) {
		tap_note("got %ld (0x%lx), wanted %ld", got, (unsigned long)got, wanted);
	}
	return got == wanted;
}

void tap_skip(const char *name, const char *reason) { tap_ok(true, "%s # SKIP %s", name, reason); }

void tap_note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("# ", stdout);
	vprintf(format, arguments);
	putchar('\n');
	fflush(stdout);
	va_end(arguments);
}

int tap_rounds(int argc, int few, int many) { return argc > 1 ? many : few; }

int tap_done(void)
{
	if (first_number() > 0) {
		return (nr_tests & TAP_EXIT_COUNT) | (nr_failed > 0 ? TAP_EXIT_FAILED : 0);
	}
	printf("1..%d\n", nr_tests);
	return nr_failed > 0 ? 1 : 0;
}
