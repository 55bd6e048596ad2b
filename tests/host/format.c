/* sources: kernel/lib/format.c kernel/lib/string.c */

/* format against the C library's snprintf, which it must agree with wherever it claims to. */
#include <stdio.h>

#include "random.h"
#include "tap.h"

#include "lib/format.h"

enum { ROUNDS = 20000 };

/* The specifications are made up at run time, so the compiler cannot check them. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static const uint64_t values[] = {
	0,
	1,
	7,
	42,
	127,
	128,
	255,
	256,
	32767,
	32768,
	65535,
	65536,
	2147483647,
	2147483648,
	4294967295,
	4294967296,
	9223372036854775807u,
	9223372036854775808u,
	18446744073709551615u,
};

static void random_specification(char *text, size_t size, const char *length, char conversion)
{
	static const char flags[] = "-0+ #";
	char chosen[8];
	size_t nr = 0;

	for (size_t i = 0; i < sizeof(flags) - 1; i++) {
		if (random_below(4) == 0) {
			chosen[nr++] = flags[i];
		}
	}
	chosen[nr] = '\0';
	snprintf(text, size, "<%%%s", chosen);
	if (random_below(2)) {
		snprintf(text + strlen(text), size - strlen(text), "%u",
			 (unsigned)random_below(30) + 1);
	}
	if (random_below(2)) {
		snprintf(text + strlen(text), size - strlen(text), ".%u",
			 (unsigned)random_below(25));
	}
	snprintf(text + strlen(text), size - strlen(text), "%s%c>", length, conversion);
}

static bool agree(const char *specification, int got_len, const char *got, int wanted_len,
		  const char *wanted)
{
	if (got_len == wanted_len && !strcmp(got, wanted)) {
		return true;
	}
	diag("%s: got \"%s\" (%d), the C library says \"%s\" (%d)", specification, got, got_len,
	     wanted, wanted_len);
	return false;
}

static bool numbers_agree(void)
{
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "z", "t", "j" };
	static const char conversions[] = "diuxX";

	for (unsigned i = 0; i < ROUNDS; i++) {
		const char *length = lengths[random_below(8)];
		uint64_t value = random_below(2) ? values[random_below(19)] : random_next();
		size_t size = random_below(3) ? 128 : random_below(20);
		char specification[64];
		char got[128] = "";
		char wanted[128] = "";
		int got_len;
		int wanted_len;

		random_specification(specification, sizeof(specification), length,
				     conversions[random_below(5)]);
		if (strlen(length) % 2 && length[0] != 'h') {
			got_len = format(got, size, specification, value);
			wanted_len = snprintf(wanted, size, specification, value);
		} else {
			bool is_long = length[0] == 'l';

			got_len = is_long ? format(got, size, specification, value)
					  : format(got, size, specification, (int)value);
			wanted_len = is_long ? snprintf(wanted, size, specification, value)
					     : snprintf(wanted, size, specification, (int)value);
		}
		if (!agree(specification, got_len, got, wanted_len, wanted)) {
			return false;
		}
	}
	return true;
}

static bool texts_agree(void)
{
	static const char *const texts[] = { "", "a", "frame",
					     "a longer text than most fields are wide" };

	for (unsigned i = 0; i < ROUNDS; i++) {
		const char *text = texts[random_below(4)];
		char specification[64];
		char got[128] = "";
		char wanted[128] = "";
		bool left = random_below(2);
		int width = (int)random_below(30);
		int precision = (int)random_below(50);
		int got_len;
		int wanted_len;

		snprintf(specification, sizeof(specification), "[%%%s*.*s]", left ? "-" : "");
		got_len = format(got, sizeof(got), specification, width, precision, text);
		wanted_len =
			snprintf(wanted, sizeof(wanted), specification, width, precision, text);
		if (!agree(specification, got_len, got, wanted_len, wanted)) {
			return false;
		}
	}
	return true;
}

int main(void)
{
	char text[64];
	char none = 'x';
	const char *volatile null_text = NULL;
	const char *volatile odd = "%y %f %";
	const char *volatile huge = "%99999999999d";

	ok(numbers_agree(), "numbers in every length, flag, width and precision");
	ok(texts_agree(), "texts with width and precision");
	format(text, sizeof(text), "%s|%c|%%|%5c|%-3c|", "a", 'b', 'c', 'd');
	is_text(text, "a|b|%|    c|d  |", "texts, characters, percent signs");
	format(text, sizeof(text), "%p %p", (void *)0xffff888000001000, (void *)0);
	is_text(text, "0xffff888000001000 0x0", "pointers");
	format(text, sizeof(text), "%s", null_text);
	is_text(text, "(null)", "a null pointer as a text");
	is(format(text, sizeof(text), odd), 7, "unknown conversions");
	is_text(text, "%y %f %", "stand as they are");
	is(format(text, sizeof(text), huge, 1), 9999, "an absurd width is bounded");
	is(format(&none, 0, "%d", 12345), 5, "without a buffer the length comes all the same");
	is(none, 'x', "and nothing is written");
	is(format(text, 1, "%d", 12345), 5, "a buffer of one byte");
	is_text(text, "", "holds the end alone");
	return done_testing();
}
