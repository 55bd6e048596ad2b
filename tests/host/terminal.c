/* sources: kernel/task/console/terminal.c kernel/lib/string.c */

/* The line discipline: what a program reads and what is shown for what is typed. */
#include "host_assert.h"
#include "random.h"
#include "tap.h"

#include "task/console/terminal.h"

static struct terminal terminal;
static char shown[65536];
static size_t shown_len;

static void emit(const char *text, size_t len)
{
	if (shown_len + len < sizeof(shown)) {
		memcpy(shown + shown_len, text, len);
		shown_len += len;
		shown[shown_len] = '\0';
	}
}

static void start(void)
{
	terminal_init(&terminal, emit);
	shown_len = 0;
	shown[0] = '\0';
}

static void set_local(uint32_t clear, uint32_t set)
{
	struct terminal_settings settings = terminal.settings;

	settings.local = (settings.local & ~clear) | set;
	terminal_set(&terminal, &settings, SETTINGS_KEEP_INPUT);
}

static enum terminal_event type(const char *text)
{
	enum terminal_event event = TERMINAL_QUIET;

	while (*text != '\0') {
		event = terminal_input(&terminal, (uint8_t)*text++);
	}
	return event;
}

/* What a read of at most `size` gives: the bytes, "(end)" or "(wait)". */
static const char *read_text(size_t size)
{
	static char text[2048];
	bool would_block;
	size_t len = terminal_read(&terminal, text, size, &would_block);

	text[len] = '\0';
	if (len > 0) {
		return would_block ? "(both)" : text;
	}
	return would_block ? "(wait)" : "(end)";
}

static void test_lines(void)
{
	start();
	is(type("abc"), TERMINAL_QUIET, "half a line is not ready");
	is_text(read_text(100), "(wait)", "a reader waits");
	is(type("d\r"), TERMINAL_READABLE, "the return key completes it");
	is_text(read_text(2), "ab", "a short read takes a part");
	is_text(read_text(100), "cd\n", "the next one the rest, ended by a newline");
	is_text(read_text(100), "(wait)", "then nothing is left");
	is_text(shown, "abcd\r\n", "the line was shown");
	type("one\rtwo\r");
	is_text(read_text(100), "one\n", "one line at a time");
	is_text(read_text(100), "two\n", "then the next");
	is_text(read_text(0), "(end)", "a read of nothing does not wait");
}

static void test_ahead(void)
{
	char taken[16];

	start();
	type("one\rtw");
	is(terminal_take(&terminal, taken, sizeof(taken)), 6, "all that was typed is taken");
	ok(memcmp(taken, "one\ntw", 6) == 0, "finished lines and others");
	is_text(read_text(100), "(wait)", "and is gone");
	type("\004abc");
	is(terminal_take(&terminal, taken, 2), 2,
	   "at most as much as fits, without an end of file");
	start();
	terminal_type_ahead(&terminal, "one\ntw", 6);
	is_text(shown, "", "what is typed ahead is not shown");
	is_text(read_text(100), "one\n", "but read");
	type("o\r");
	is_text(read_text(100), "two\n", "and goes on");
	is_text(shown, "o\r\n", "what is typed then is shown again");
}

static void test_editing(void)
{
	start();
	type("abX\177c\r");
	is_text(read_text(100), "abc\n", "erase takes back a character");
	is_text(shown, "abX\b \bc\r\n", "on the screen too");
	start();
	type("\177\177ab\177\177\177c\r");
	is_text(read_text(100), "c\n", "not further than the line's beginning");
	is_text(shown, "ab\b \b\b \bc\r\n", "nor on the screen");
	start();
	type("old\rnew\177\177\177\177\177\r");
	is_text(read_text(100), "old\n", "a finished line stays");
	is_text(read_text(100), "\n", "while the next is edited");
	start();
	type("abc\025d\r");
	is_text(read_text(100), "d\n", "kill takes back the line");
	start();
	type("one two  \027three\r");
	is_text(read_text(100), "one three\n", "word erase takes back a word");
	start();
	type("a\xc3\xa9\xe2\x82\xac\177\177b\r");
	is_text(read_text(100), "ab\n", "erase takes back whole UTF-8 characters");
	is_text(shown, "a\xc3\xa9\xe2\x82\xac\b \b\b \bb\r\n", "one column each");
	start();
	type("\x80\x81\177c\r");
	is_text(read_text(100), "c\n", "also where only the tails of characters were typed");
	start();
	type("a\xc0\x80\177b \177\r");
	is_text(read_text(100), "ab\n",
		"the shortest continuation byte is one, the shortest first byte none");
	is_text(shown, "a\xc0\x80\b \bb \b \b\r\n", "a blank has one column");
	start();
	set_local(LOCAL_ECHO, 0);
	type("ab\177\r");
	is_text(shown, "", "without echo erasing shows nothing");
	start();
	type("a\001\tb\177\177\177\r");
	is_text(shown, "a^A b\b \b\b \b\b \b\b \b\r\n",
		"control characters have two columns, a tab one");
	is_text(read_text(100), "a\n", "and are erased whole");
}

static void test_end_of_file(void)
{
	start();
	is(type("\004"), TERMINAL_READABLE, "end of file on an empty line");
	is_text(read_text(100), "(end)", "is read as such");
	is_text(read_text(100), "(wait)", "once");
	type("ab\004cd\r");
	is_text(read_text(100), "ab", "in a line it hands over what is there");
	is_text(read_text(100), "cd\n", "and the line goes on");
	is_text(shown, "abcd\r\n", "it is not shown");
}

static void test_interrupt(void)
{
	start();
	is(type("abc\003"), TERMINAL_INTERRUPT, "the interrupt key");
	is_text(shown, "abc^C\r\n", "is shown");
	type("d\r");
	is_text(read_text(100), "d\n", "and drops what was typed");
	is(type("\034"), TERMINAL_INTERRUPT, "so does the quit key");
	start();
	set_local(0, LOCAL_KEEP_INPUT);
	type("abc\003\r");
	is_text(read_text(100), "abc\n", "unless the settings keep it");
	start();
	set_local(LOCAL_SIGNALS, 0);
	is(type("\003\r"), TERMINAL_READABLE, "without signals it is a character");
	is_text(read_text(100), "\003\n", "like others");
}

static void test_raw(void)
{
	start();
	set_local(LOCAL_LINES | LOCAL_ECHO | LOCAL_SIGNALS, 0);
	is(type("\033[A"), TERMINAL_READABLE, "raw: every byte is ready at once");
	is_text(read_text(1), "\033", "byte");
	is_text(read_text(100), "[A", "by byte");
	is_text(read_text(100), "(wait)", "raw: a reader waits too");
	type("\177\025\003\004\r");
	is_text(read_text(100), "\177\025\003\004\n", "raw: editing keys are characters");
	is_text(shown, "", "raw: without echo nothing is shown");
	start();
	type("half");
	set_local(LOCAL_LINES, 0);
	is_text(read_text(100), "half", "a half line becomes readable with the change to raw");
	terminal.settings.keys[KEY_MINIMUM] = 0;
	is_text(read_text(100), "(end)", "a minimum of 0 never waits");
}

static void test_translation(void)
{
	struct terminal_settings settings;

	start();
	terminal_write(&terminal, "a\nb\n\nc", 6);
	is_text(shown, "a\r\nb\r\n\r\nc", "output: newlines are completed");
	start();
	settings = terminal.settings;
	settings.output = 0;
	settings.input = INPUT_NL_TO_CR;
	terminal_set(&terminal, &settings, SETTINGS_KEEP_INPUT);
	terminal_write(&terminal, "a\n", 2);
	is_text(shown, "a\n", "output: unless the settings say otherwise");
	type("x\r\n\004");
	is_text(read_text(100), "x\r\r", "input: the settings decide what becomes of \\r and \\n");
	settings.input = INPUT_IGNORE_CR;
	terminal_set(&terminal, &settings, SETTINGS_KEEP_INPUT);
	type("y\r\n");
	is_text(read_text(100), "y\n", "input: \\r can be ignored");
	type("typed\n");
	terminal_set(&terminal, &settings, SETTINGS_DROP_INPUT);
	is_text(read_text(100), "(wait)", "new settings can drop what was typed");
	start();
	set_local(LOCAL_ECHO, LOCAL_ECHO_NL);
	type("secret\r");
	is_text(shown, "\r\n", "a password is not shown, its newline may be");
}

static void test_full(void)
{
	const char *text;

	start();
	for (unsigned i = 0; i < 3 * TERMINAL_INPUT_MAX; i++) {
		terminal_input(&terminal, 'x');
	}
	is(terminal_input(&terminal, '\n'), TERMINAL_READABLE,
	   "a line too long can still be ended");
	ok(strchr(shown, '\a'), "the bell rings");
	text = read_text(2000);
	ok(strlen(text) == TERMINAL_INPUT_MAX && text[TERMINAL_INPUT_MAX - 1] == '\n',
	   "what fits is read");
	for (unsigned i = 0; i < 2 * TERMINAL_INPUT_MAX; i++) {
		terminal_input(&terminal, '\n');
	}
	is_text(read_text(100), "\n", "many lines");
	type("\177\025\027");
	start();
	set_local(LOCAL_LINES, 0);
	for (unsigned i = 0; i < 3 * TERMINAL_INPUT_MAX; i++) {
		terminal_input(&terminal, 'y');
	}
	is(strlen(read_text(2000)), TERMINAL_INPUT_MAX, "raw: what fits is kept");
}

static bool nothing_rests(void)
{
	for (unsigned i = 0; i < TERMINAL_INPUT_MAX; i++) {
		if (terminal.typed[i] != 0) {
			return false;
		}
	}
	return true;
}

static void set_output(uint32_t clear, uint32_t set)
{
	struct terminal_settings settings = terminal.settings;

	settings.output = (settings.output & ~clear) | set;
	terminal_set(&terminal, &settings, SETTINGS_KEEP_INPUT);
}

static void test_quoted(void)
{
	char many[TERMINAL_QUOTED_MAX];

	start();
	set_output(0, OUTPUT_QUOTED);
	terminal_write(&terminal, "a\n\"b\"\\\t\x7f\x80\xff c", 12);
	is_text(shown, "a\\n\\\"b\\\"\\\\\\u0009\\u007f\\u0080\\u00ff c",
		"quoted text is the inside of a JSON string");
	memset(many, 'x', sizeof(many));
	terminal_write(&terminal, many, sizeof(many));
	terminal_write(&terminal, many, sizeof(many));
	ok(strlen(shown) < TERMINAL_QUOTED_MAX + 40, "it is cut off after a while");
	set_output(OUTPUT_QUOTED, 0);
	shown_len = 0;
	terminal_write(&terminal, "\"\n", 2);
	is_text(shown, "\"\r\n", "without the flag it is as before");
	set_output(0, OUTPUT_QUOTED);
	terminal_write(&terminal, "again", 5);
	ok(strstr(shown, "again") != NULL, "each time that it is set it has the whole length");
}

/* Random typing, settings and reads keep the counters in order; read slots are zero. */
static bool survives_anything(void)
{
	start();
	for (unsigned i = 0; i < 300000; i++) {
		static const char keys[] = "\003\004\r\n\t\025\027\034\177 a\200\303";
		char buffer[64];
		bool would_block;
		uint64_t choice = random_below(100);

		if (choice < 2) {
			struct terminal_settings settings = terminal.settings;

			settings.local = (uint32_t)random_next();
			settings.input = (uint32_t)random_next();
			settings.output = (uint32_t)random_next();
			settings.keys[random_below(SETTINGS_KEYS)] = (uint8_t)random_next();
			terminal_set(&terminal, &settings, random_below(2));
		} else if (choice < 10) {
			terminal_read(&terminal, buffer, random_below(sizeof(buffer)),
				      &would_block);
		} else {
			terminal_input(&terminal, random_below(2) ? keys[random_below(sizeof(keys))]
								  : (uint8_t)random_next());
		}
		if (terminal.nr_typed - terminal.next_read > TERMINAL_INPUT_MAX ||
		    terminal.nr_ready - terminal.next_read >
			    terminal.nr_typed - terminal.next_read) {
			return false;
		}
	}
	return true;
}

int main(void)
{
	test_lines();
	test_ahead();
	test_editing();
	test_end_of_file();
	test_interrupt();
	test_raw();
	test_translation();
	test_full();
	test_quoted();
	start();
	type("secret\rmore\r");
	read_text(100);
	read_text(100);
	ok(nothing_rests(), "what was read does not rest in the kernel");
	ok(survives_anything(), "random typing, reads and settings keep the counters in order");
	return done_testing();
}
