/* sources: kernel/core/options.c kernel/core/cmdline_token.c kernel/lib/format.c
 * kernel/lib/string.c */

/* The kernel command line: words as a shell splits them, and what is refused. */
#include "host_assert.h"
#include "random.h"
#include "tap.h"

#include "abi/bulwark.h"
#include "core/cmdline_token.h"
#include "core/log.h"
#include "core/options.h"
#include "lib/format.h"

static char logged[16384];

void log_print(const char *text, ...)
{
	size_t len = strlen(logged);
	va_list arguments;

	va_start(arguments, text);
	format_va(logged + len, sizeof(logged) - len, text, arguments);
	va_end(arguments);
}

static struct options defaults;

static unsigned parse(const char *line)
{
	options = defaults;
	logged[0] = '\0';
	return options_parse(line);
}

static void test_words(void)
{
	static const struct {
		const char *line, *words; /* joined by | */
		enum cmdline_token_result last;
	} cases[] = {
		{ "", "", TOKEN_END },
		{ " \t\n ", "", TOKEN_END },
		{ "a  b\tc ", "a|b|c|", TOKEN_END },
		{ "a='b c' d", "a=b c|d|", TOKEN_END },
		{ "\"a b\"c'd e'", "a bcd e|", TOKEN_END },
		{ "\"a\\\"b\\\\c\\'d\\n\"", "a\"b\\c'd\\n|", TOKEN_END },
		{ "'a\\b'", "a\\b|", TOKEN_END },
		{ "a\\ b \\\"c", "a b|\"c|", TOKEN_END },
		{ "'' \"\" x", "||x|", TOKEN_END },
		{ "a\\", "a\\|", TOKEN_END },
		{ "x 'abc", "x|", TOKEN_UNTERMINATED },
		{ "x \"abc\\", "x|", TOKEN_UNTERMINATED },
		{ "\"cmd=say \\'hello you\\'\"", "cmd=say 'hello you'|", TOKEN_END },
		{ "0123456789abcdef0123456789abcdef", "", TOKEN_TOO_LONG },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *line = cases[i].line;
		char word[32];
		char joined[256] = "";
		enum cmdline_token_result result;

		while ((result = cmdline_token_next(&line, word, sizeof(word))) == TOKEN_FOUND) {
			strcat(joined, word);
			strcat(joined, "|");
		}
		ok(result == cases[i].last && !strcmp(joined, cases[i].words),
		   "words of <%s>: <%s>, %d", cases[i].line, joined, result);
	}
}

static void test_accepted(void)
{
	is(options.xpfo, xpfo_epoch, "defaults are those of the table");
	is(options.vuln, vuln_off, "vuln is off by default");
	is(parse(""), 0, "an empty command line");
	is(parse("xpfo=off vuln=on log=com2"), 0, "three options");
	ok(options.xpfo == xpfo_off && options.vuln == vuln_on && options.log == log_com2,
	   "take effect");
	is(parse("\"cmd=attack all; exit\" xpfo=v1"), 0, "a command in quotes");
	is_text(options.cmd, "attack all; exit", "arrives whole");
	is(options.xpfo, xpfo_v1, "and so does what follows it");
	is(parse("cmd="), 0, "an empty command");
	is_text(options.cmd, "", "is none");
}

static void test_refused(void)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{ "xpfo=maybe", "'xpfo=maybe' refused: its values are off|v1|" },
		{ "xpfo=syn", "refused" },
		{ "xpfo=syncs", "refused" },
		{ "xpfo=off|v1", "refused" },
		{ "xpfo=", "refused" },
		{ "xpfo", "needs =VALUE" },
		{ "cmd", "needs =VALUE" },
		{ "xpf=off", "no such option" },
		{ "xpfoo=off", "no such option" },
		{ "XPFO=off", "no such option" },
		{ "=off", "no such option" },
		{ "=", "no such option" },
		{ "''", "'' refused: there is no such option" },
		{ "xpfo=off=v1", "refused" },
		{ "vuln=on vuln=off", "given before" },
		{ "'vuln=on", "not closed" },
		{ "a\033[2Jb", "'a?[2Jb' refused" },
		{ "\377\200=on", "'\?\?=on' refused" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		is(parse(cases[i].line), 1, "<%s> is refused", cases[i].line);
		ok(strstr(logged, cases[i].message), "with a message that says why: %s",
		   cases[i].message);
	}
	is(parse("bogus xpfo=off bogus=1 vuln=on"), 2, "two of four words are refused");
	ok(options.xpfo == xpfo_off && options.vuln == vuln_on, "and the others hold");
	is(parse("vuln=on vuln=off"), 1, "a repeated option");
	is(options.vuln, vuln_on, "keeps its first value");
}

static void test_long_lines(void)
{
	static char line[1 << 20];
	size_t longest = OPTIONS_CMD_BYTES - 1;

	memset(line, 'x', sizeof(line) - 1);
	memcpy(line, "cmd=", 4);
	line[4 + longest] = '\0';
	is(parse(line), 0, "the longest command");
	is(strlen(options.cmd), longest, "arrives whole");
	line[4 + longest] = 'x';
	line[4 + longest + 1] = '\0';
	is(parse(line), 1, "one byte more is refused");
	is_text(options.cmd, "", "and not cut");
	line[4 + longest + 1] = 'x';
	strcpy(line + sizeof(line) - 12, " xpfo=off");
	is(parse(line), 1, "a word of a mebibyte is refused");
	is(options.xpfo, xpfo_off, "and the word behind it holds");
}

static void test_random_lines(void)
{
	static const char alphabet[] = "xpfo=sync off|\\'\" \t\n\x1b\x80\xff"
				       "cmdvuln";
	bool sane = true;

	for (unsigned i = 0; i < 50000; i++) {
		char line[64];
		size_t len = random_below(sizeof(line));

		for (size_t at = 0; at < len; at++) {
			line[at] = alphabet[random_below(sizeof(alphabet) - 1)];
		}
		line[len] = '\0';
		parse(line);
		sane = sane && options.xpfo <= xpfo_epoch && options.vuln <= vuln_off;
	}
	ok(sane, "random lines leave every option at one of its values");
}

static void test_peek(void)
{
	static const char *const lines[] = {
		"",
		"kaslr=off",
		"kaslr=on",
		"vuln=on kaslr=off",
		"kaslr=off kaslr=on",
		"kaslr=on kaslr=off",
		"kaslr=maybe kaslr=off",
		"kaslr kaslr=off",
		"'kaslr=off'",
		"ka\\slr=o\"ff\"",
		"cmd='kaslr=off'",
		"'cmd=a kaslr=off b'",
		"\"cmd=say \\'kaslr=off\\'\" kaslr=on",
		"kaslr=offf",
		"xkaslr=off",
		"kaslrx=off",
		"KASLR=off",
		"kaslr=off=on",
		"xpfo=off 'kaslr=off",
		"\tkaslr=off\n",
	};
	static const char *const pieces[] = { "kaslr=off", "kaslr=on", "kaslr", "=",   "'",
					      "\"",        " ",        "\\",    "off", "xpfo=off" };
	bool same = true;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		unsigned value = defaults.kaslr;

		parse(lines[i]);
		(void)option_peek(lines[i], "kaslr", &value);
		is(value, options.kaslr, "<%s>: a look at one option finds what holds", lines[i]);
	}
	for (unsigned i = 0; i < 50000; i++) {
		char line[128] = "";
		unsigned value = defaults.kaslr;

		for (unsigned nr = random_below(10); nr > 0; nr--) {
			strcat(line, pieces[random_below(ARRAY_SIZE(pieces))]);
		}
		parse(line);
		(void)option_peek(line, "kaslr", &value);
		same = same && value == (unsigned)options.kaslr;
	}
	ok(same, "and so with random lines");
	parse("kaslr=off");
	logged[0] = '\0';
	options = defaults;
	unsigned value = 7;
	ok(!option_peek("kaslr=maybe vuln=on", "kaslr", &value) && value == 7,
	   "without a value that fits nothing is changed");
	ok(options.vuln == defaults.vuln && !logged[0], "a look changes nothing and says nothing");
}

static void force_without_off(void) { options_force_off("log", "it has no such value"); }

static void force_command(void) { options_force_off("cmd", "it is not in the table"); }

static void test_rows(void)
{
	struct bw_option row;
	unsigned nr = 0;

	parse("smep=on");
	options_force_off("smep", "the processor lacks it");
	is(options.smep, smep_off, "what the machine lacks is off");
	ok(strstr(logged, "smep=off: the processor lacks it"), "with a line that says why");
	logged[0] = '\0';
	options_force_off("smep", "the processor lacks it");
	is_text(logged, "", "what is off already needs no line");
	dies(force_without_off, "assertion",
	     "an option without the value off cannot be forced to it");
	dies(force_command, "assertion", "nor can the command");
	while (options_row(nr, &row) == STATUS_OK) {
		nr++;
	}
	ok(nr >= 8, "%u rows", nr);
	is(options_row(UINT32_MAX, &row), STATUS_ENOENT, "no row at the largest index");
	is(options_row(0, &row), STATUS_OK, "the first row");
	ok(!strcmp(row.name, "xpfo") && !strcmp(row.value, "epoch") &&
		   !strncmp(row.values, "off|v1|", 7) && row.help[0] != '\0',
	   "is complete");
	logged[0] = '\0';
	options_print();
	ok(strstr(logged, "xpfo") && strstr(logged, "ktest"), "the banner shows every option");
}

static void test_check(void)
{
	ok(options_check("xpfo=off 'kaslr=off'") == STATUS_OK && options_check("") == STATUS_OK,
	   "words that set options are sound");
	is(options_check("xpfo=offf"), STATUS_EINVAL, "an unknown value is not");
	is(options_check("nosuch=1"), STATUS_EINVAL, "nor an unknown option");
	is(options_check("xpfo"), STATUS_EINVAL, "nor one without a value");
	is(options_check("cmd=true"), STATUS_EINVAL, "nor a command");
	is(options_check("xpfo=off xpfo=sync"), STATUS_EINVAL, "nor one that comes twice");
	is(options_check("'xpfo=off"), STATUS_EINVAL, "nor an open quote");
}

int main(void)
{
	defaults = options;
	test_words();
	test_accepted();
	test_refused();
	test_long_lines();
	test_random_lines();
	test_peek();
	test_rows();
	test_check();
	return done_testing();
}
