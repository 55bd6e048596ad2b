/* sources: kernel/core/restart.c kernel/core/option_line.c kernel/core/cmdline_token.c
 * kernel/lib/format.c kernel/lib/string.c
 */

/* What is said about a restart: lines made of others, and requests that are believed or not. */
#include "host_assert.h"
#include "tap.h"

#include "core/option_line.h"
#include "core/restart.h"

struct boot_info boot_info_kept;
/* linker.ld gives it a place of its own. */
_Alignas(8) char restart_request[8192];

static const char *overridden(const char *line, const char *words)
{
	static char out[64];
	status_t status = option_line_override(line, words, out, sizeof(out));

	return status == STATUS_OK ? out : status == STATUS_ENAMETOOLONG ? "(too long)" : "(?)";
}

static void test_lines(void)
{
	is_text(overridden("xpfo=sync vuln=on", "xpfo=off"), "xpfo=off vuln=on",
		"a word takes the place of one");
	is_text(overridden("vuln=on", "xpfo=off kaslr=off"), "xpfo=off kaslr=off vuln=on",
		"others are kept");
	is_text(overridden(" a=1  b=2 ", ""), "a=1 b=2", "no words: the line as it is");
	is_text(overridden("\ta=1\t \tb=2\t", "c=3"), "c=3 a=1 b=2", "tabs separate words, too");
	is_text(overridden("", ""), "", "even if there is none");
	is_text(overridden("", "a=1"), "a=1", "or nothing to keep");
	is_text(overridden("xpfo=sync xpfo=off", "xpfo=epoch"), "xpfo=epoch",
		"one that was given twice goes");
	is_text(overridden("a='x y' \"b=\\\" z\" xpfo", "c=1"), "c=1 a='x y' \"b=\\\" z\" xpfo",
		"quotes stay as they stand");
	is_text(overridden("xpf=1 xpfoo=2", "xpfo=off"), "xpfo=off xpf=1 xpfoo=2",
		"names are compared whole");
	is_text(overridden("a=12345678901234567890123456789012345678901234567890123456789", "b=1"),
		"(too long)", "what does not fit is refused");
}

/* The line after a request for "line" with this input, one byte of which is changed. */
static const char *after(const char *input, long changed)
{
	static char line[64];

	strcpy(line, "as before");
	memset(restart_request, 0, sizeof(restart_request));
	is(restart_ask("line", input, strlen(input)), STATUS_OK, "a request is taken");
	if (changed >= 0) {
		restart_request[changed] ^= 1;
	}
	restart_line(line, sizeof(line));
	return line;
}

static void test_requests(void)
{
	static char long_line[COMMAND_LINE_BYTES + 1];
	const char *input;
	unsigned nr_believed = 0;

	is_text(after("typed\n", -1), "line", "and believed");
	is(restart_input(&input), 6, "with its input");
	is(memcmp(input, "typed\n", 6), 0, "as it was");
	for (long i = 0; i < 8 + 8 + 4 + 4 + 5; i++) {
		nr_believed += strcmp(after("typed\n", i), "as before") != 0;
	}
	is(nr_believed, 0, "none is where a bit differs");
	is(restart_input(&input), 0, "nor is its input");
	after("typed\n", -1);
	restart_forget();
	is(restart_input(&input), 0, "what was done is forgotten");
	is(restart_ask("a\nb", "", 0), STATUS_EINVAL, "a line is printable");
	memset(long_line, 'a', COMMAND_LINE_BYTES);
	is(restart_ask(long_line, "", 0), STATUS_ENAMETOOLONG, "and fits");
	memset(restart_request, 0xff, sizeof(restart_request));
	is(restart_input(&input), 0, "memory that holds anything at all is no request");
}

int main(void)
{
	test_lines();
	test_requests();
	return done_testing();
}
