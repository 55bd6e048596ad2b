/* Lines that break between words. Source of the sequences: ECMA-48, "Control functions". */
#include "lib/wrap.h"

#include "lib/format.h"
#include "lib/string.h"

enum { ESCAPE = 0x1b, TAB_COLUMNS = 8, PARAMETER_MAX = 9999 };
/* Text that begins up to here, behind two blanks, is a column of its own: what is broken goes on
 * below it. */
enum { INDENT_DEFAULT = 2, INDENT_MAX = 22 };

/* What becomes of a byte. */
enum step { STEP_PASS, STEP_DROP, STEP_BREAK };

void wrap_init(struct wrap *wrap, unsigned width, const char *line_end)
{
	*wrap = (struct wrap){ .width = width, .line_end = line_end, .indent = INDENT_DEFAULT };
}

/* All but the first byte of a UTF-8 character. */
static bool is_continuation(char c) { return ((uint8_t)c & 0xc0) == 0x80; }

static void move_to(struct wrap *wrap, unsigned column)
{
	wrap->column = MIN(column, wrap->width);
	wrap->word_columns = wrap->word_len = wrap->nr_blanks = 0;
}

static void new_line(struct wrap *wrap)
{
	move_to(wrap, 0);
	wrap->indent = INDENT_DEFAULT;
}

/* The final byte of "CSI parameters byte". */
static void end_sequence(struct wrap *wrap, char final)
{
	unsigned distance = MAX(wrap->parameter, 1u);

	switch (final) {
	case 'C': move_to(wrap, wrap->column + distance); break;
	case 'D': move_to(wrap, wrap->column - MIN(wrap->column, distance)); break;
	case 'G': move_to(wrap, distance - 1); break;
	case 'H':
	case 'f': move_to(wrap, wrap->nr_parameters > 0 ? distance - 1 : 0); break;
	}
}

/* A byte of an escape sequence. */
static void follow_sequence(struct wrap *wrap, char c)
{
	if (wrap->state == WRAP_ESCAPE) {
		wrap->parameter = wrap->nr_parameters = 0;
		wrap->state = c == '[' ? WRAP_SEQUENCE : WRAP_TEXT;
		if (c == '7') {
			wrap->saved = wrap->column;
		} else if (c == '8') {
			move_to(wrap, wrap->saved);
		}
	} else if (c >= '0' && c <= '9') {
		wrap->parameter =
			MIN(wrap->parameter * 10 + (unsigned)(c - '0'), (unsigned)PARAMETER_MAX);
	} else if (c == ';') {
		wrap->parameter = 0;
		wrap->nr_parameters++;
	} else if (c >= '@' && c <= '~') {
		wrap->state = WRAP_TEXT;
		end_sequence(wrap, c);
	}
}

static void follow_control(struct wrap *wrap, char c)
{
	switch (c) {
	case '\n': new_line(wrap); break;
	case '\r': move_to(wrap, 0); break;
	case '\b': move_to(wrap, wrap->column - MIN(wrap->column, 1u)); break;
	case '\t': move_to(wrap, (wrap->column / TAB_COLUMNS + 1) * TAB_COLUMNS); break;
	case ESCAPE: wrap->state = WRAP_ESCAPE; break;
	}
}

/* Blanks at the border are not carried over to the next line. */
static enum step follow_blank(struct wrap *wrap)
{
	wrap->word_columns = wrap->word_len = 0;
	if (wrap->column == wrap->width) {
		return STEP_DROP;
	}
	wrap->nr_blanks++;
	wrap->column++;
	return STEP_PASS;
}

static void begin_word(struct wrap *wrap)
{
	if (wrap->nr_blanks >= 2 && wrap->column <= INDENT_MAX) {
		wrap->indent = wrap->column;
	}
	wrap->nr_blanks = 0;
}

static enum step follow_letter(struct wrap *wrap, char c)
{
	bool is_first = !is_continuation(c);

	if (is_first && wrap->column == wrap->width) {
		return STEP_BREAK;
	}
	if (wrap->word_columns == 0) {
		begin_word(wrap);
	}
	if (wrap->word_len < WRAP_WORD_MAX) {
		wrap->word[wrap->word_len++] = c;
	}
	wrap->word_columns += is_first;
	wrap->column += is_first;
	return STEP_PASS;
}

static enum step follow(struct wrap *wrap, char c)
{
	if (wrap->state != WRAP_TEXT) {
		follow_sequence(wrap, c);
	} else if ((uint8_t)c < ' ') {
		follow_control(wrap, c);
	} else {
		return c == ' ' ? follow_blank(wrap) : follow_letter(wrap, c);
	}
	return STEP_PASS;
}

/* The columns that the text takes up to the end of its first word, or of the text. */
static unsigned word_columns(const char *text, size_t len_bytes)
{
	unsigned nr_columns = 0;

	for (size_t i = 0; i < len_bytes && (uint8_t)text[i] > ' '; i++) {
		nr_columns += !is_continuation(text[i]);
	}
	return nr_columns;
}

/* Whether a word begins here that would fit into the next line, and not into this one. */
static bool is_word_to_move(const struct wrap *wrap, const char *text, size_t len_bytes)
{
	unsigned nr_columns = wrap->word_columns > 0 || wrap->state != WRAP_TEXT
				      ? 0
				      : word_columns(text, len_bytes);

	return wrap->column + nr_columns > wrap->width && wrap->column > wrap->indent &&
	       wrap->indent + nr_columns <= wrap->width;
}

/* Takes back the word that ends at the border, and begins the next line with it. */
static void break_line(struct wrap *wrap, wrap_emit *emit)
{
	char text[96];
	unsigned start = wrap->width - wrap->word_columns;

	if (start <= wrap->indent) {
		wrap->indent = INDENT_DEFAULT;
	}
	if (start <= wrap->indent || wrap->word_len == WRAP_WORD_MAX) {
		/* it is too long for any line: the terminal cuts it */
		move_to(wrap, 0);
		return;
	}
	/* the part of it that came in an earlier piece of the text */
	if (wrap->word_columns > 0) {
		emit(text, (size_t)format(text, sizeof(text), "\r\x1b[%uC\x1b[K", start));
	}
	emit(text,
	     (size_t)format(text, sizeof(text), "%s%*s", wrap->line_end, (int)wrap->indent, ""));
	emit(wrap->word, wrap->word_len);
	wrap->column = wrap->indent + wrap->word_columns;
}

void wrap_write(struct wrap *wrap, const char *text, size_t len_bytes, wrap_emit *emit)
{
	size_t start = 0, at = 0;

	while (wrap->width > 0 && at < len_bytes) {
		enum step step = is_word_to_move(wrap, text + at, len_bytes - at)
					 ? STEP_BREAK
					 : follow(wrap, text[at]);

		if (step != STEP_PASS) {
			emit(text + start, at - start);
			start = at + (step == STEP_DROP);
		}
		if (step == STEP_BREAK) {
			/* makes room, so that the byte passes when it is looked at again */
			break_line(wrap, emit);
		} else {
			at++;
		}
	}
	emit(text + start, len_bytes - start);
}
