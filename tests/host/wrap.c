/* sources: kernel/lib/wrap.c kernel/lib/format.c kernel/lib/string.c */

/* Lines that break between words, as a terminal shows them: a small one is part of this test. */
#include "host_assert.h"
#include "random.h"
#include "tap.h"

#include "lib/wrap.h"

enum { WIDTH = 20, ROWS = 64, NR_TEXTS = 2000 };

/* The last column is written before the cursor goes to the next line, as on a VT100. */
static struct {
	char rows[ROWS][WIDTH + 1];
	unsigned row, column;
	bool is_wrap_due;
	unsigned nr_cut; /* lines that the terminal itself had to break */
	char sequence[16];
	unsigned sequence_len;
} terminal;

static void terminal_clear(void)
{
	memset(&terminal, 0, sizeof(terminal));
	for (unsigned i = 0; i < ROWS; i++) {
		memset(terminal.rows[i], ' ', WIDTH);
	}
}

static void put_letter(char c)
{
	if (terminal.is_wrap_due) {
		terminal.nr_cut++;
		terminal.row = (terminal.row + 1) % ROWS;
		terminal.column = 0;
		terminal.is_wrap_due = false;
	}
	terminal.rows[terminal.row][terminal.column] = c;
	if (terminal.column + 1 < WIDTH) {
		terminal.column++;
	} else {
		terminal.is_wrap_due = true;
	}
}

static void run_sequence(char final)
{
	unsigned parameter = 0;

	for (unsigned i = 2; i < terminal.sequence_len; i++) {
		parameter = parameter * 10 + (unsigned)(terminal.sequence[i] - '0');
	}
	if (final == 'C') {
		terminal.column = MIN(terminal.column + MAX(parameter, 1u), WIDTH - 1u);
		terminal.is_wrap_due = false;
	} else if (final == 'K') {
		memset(terminal.rows[terminal.row] + terminal.column, ' ', WIDTH - terminal.column);
	}
}

static void put_byte(char c)
{
	if (terminal.sequence_len > 0) {
		if (terminal.sequence_len > 1 && c >= '@') {
			run_sequence(c);
			terminal.sequence_len = 0;
		} else if (terminal.sequence_len < sizeof(terminal.sequence)) {
			terminal.sequence[terminal.sequence_len++] = c;
		}
		return;
	}
	switch (c) {
	case '\r': terminal.column = 0; break;
	case '\n': terminal.row = (terminal.row + 1) % ROWS; break;
	case '\x1b': terminal.sequence[terminal.sequence_len++] = c; return;
	default: put_letter(c); return;
	}
	terminal.is_wrap_due = false;
}

static void emit(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		put_byte(text[i]);
	}
}

/* The rows that are shown, blanks at their ends left out, each ended by '|'. */
static const char *shown(void)
{
	static char text[ROWS * (WIDTH + 2)];
	size_t len = 0;

	for (unsigned i = 0; i <= terminal.row; i++) {
		size_t end = WIDTH;

		while (end > 0 && terminal.rows[i][end - 1] == ' ') {
			end--;
		}
		memcpy(text + len, terminal.rows[i], end);
		len += end;
		text[len++] = '|';
	}
	text[len] = '\0';
	return text;
}

/* The text in pieces of so many bytes. */
static const char *write_in_pieces(const char *text, size_t piece)
{
	struct wrap wrap;
	size_t len = strlen(text);

	terminal_clear();
	wrap_init(&wrap, WIDTH, "\r\n");
	for (size_t at = 0; at < len; at += piece) {
		wrap_write(&wrap, text + at, MIN(piece, len - at), emit);
	}
	return shown();
}

#define SHOWS(text, expected, name)                                                                \
	do {                                                                                       \
		is_text(write_in_pieces(text, 1000), expected, name);                              \
		is_text(write_in_pieces(text, 1), expected, name ", byte by byte");                \
	} while (0)

static void test_lines(void)
{
	SHOWS("short\r\n", "short||", "a short line stays");
	SHOWS("12345678901234567890\r\nx", "12345678901234567890|x|", "so does one that just fits");
	SHOWS("a word at the border goes", "a word at the border|  goes|",
	      "the next word goes on below");
	SHOWS("the words at a border", "the words at a|  border|", "a word is not cut");
	SHOWS("the words at the end \r\nx", "the words at the end|x|",
	      "a blank at the border is dropped");
	SHOWS("the words at the end   on", "the words at the end|  on|", "so are several");
	SHOWS("  name    a text that is long", "  name    a text|          that is|          long|",
	      "a column of text goes on below itself");
	SHOWS("123456789012345678901234", "12345678901234567890|1234|",
	      "a word too long for a line is cut");
	SHOWS("ab 1234567890123456789012", "ab|  123456789012345678|9012|", "on a line of its own");
	SHOWS("  name    a1234567890b", "  name|  a1234567890b|",
	      "a long word does without the column of its text");
	SHOWS("one two \x1b[31mthree\x1b[m four five", "one two three four|  five|",
	      "colours take no room");
	SHOWS("\x1b[10Cabcdefg hijklmn", "          abcdefg|  hijklmn|", "the cursor is followed");
	SHOWS("0123456789 1\r\x1b[Kabc def", "abc def|",
	      "a line that is written anew has all of its room");
}

static void test_passes(void)
{
	struct wrap wrap;

	terminal_clear();
	wrap_init(&wrap, 0, "\r\n");
	wrap_write(&wrap, "a word at the edge goes on", 26, emit);
	is_text(shown(), "a word at the edge g|oes on|", "without a width nothing is changed");
}

/* Words of random length, in pieces of random length: all of them are there, each in one line. */
static bool random_text_is_whole(void)
{
	char text[400] = "", words[400] = "", seen[sizeof(terminal.rows)] = "";
	struct wrap wrap;
	size_t at = 0;

	while (strlen(text) < 300) {
		unsigned nr_letters = 1 + (unsigned)(random_below(12));

		for (unsigned i = 0; i < nr_letters; i++) {
			text[strlen(text)] = (char)('a' + random_below(26));
		}
		strcat(text, random_below(4) ? " " : random_below(2) ? "   " : "\r\n");
	}
	terminal_clear();
	wrap_init(&wrap, WIDTH, "\r\n");
	while (at < strlen(text)) {
		size_t piece = 1 + random_below(30);

		piece = MIN(piece, strlen(text) - at);

		wrap_write(&wrap, text + at, piece, emit);
		at += piece;
	}
	strcpy(seen, shown());
	for (char *word = strtok(text, " \r\n"); word; word = strtok(NULL, " \r\n")) {
		strcat(strcat(words, word), " ");
	}
	text[0] = '\0';
	for (char *word = strtok(seen, " |"); word; word = strtok(NULL, " |")) {
		strcat(strcat(text, word), " ");
	}
	return strcmp(text, words) == 0 && terminal.nr_cut == 0;
}

static void test_random(void)
{
	unsigned nr_whole = 0;

	for (unsigned i = 0; i < NR_TEXTS; i++) {
		nr_whole += random_text_is_whole();
	}
	is(nr_whole, NR_TEXTS, "no word of a random text is cut, lost or doubled");
}

int main(void)
{
	test_lines();
	test_passes();
	test_random();
	return done_testing();
}
