/*
 * Lines that break between words at the right border of a terminal: a word that would be cut goes
 * to the next line, below the text that it belongs to. Follows the cursor through control
 * characters and the escape sequences that Bulwark's programs use, in a stream that comes in any
 * pieces.
 */
#pragma once

#include "lib/types.h"

enum { WRAP_WORD_MAX = 80 };
enum wrap_state { WRAP_TEXT, WRAP_ESCAPE, WRAP_SEQUENCE };

/* Invariant: column <= width, word_len <= WRAP_WORD_MAX. All zero: text passes as it is. */
struct wrap {
	unsigned width; /* of the terminal; 0: nothing is ever broken */
	const char *line_end;

	unsigned column;    /* of the cursor; width: behind the last character that fits */
	unsigned saved;     /* the column that ESC 7 saved */
	unsigned indent;    /* where a line goes on that is broken */
	unsigned nr_blanks; /* right before the cursor */

	/* The word before the cursor. One that is longer stays where it is. */
	unsigned word_columns, word_len;
	char word[WRAP_WORD_MAX];

	enum wrap_state state;
	unsigned parameter, nr_parameters; /* of an escape sequence, up to here */
};

void wrap_init(struct wrap *wrap, unsigned width, const char *line_end);

typedef void wrap_emit(const char *text, size_t len_bytes);
/* Passes the text on, with what breaks its lines in between. */
void wrap_write(struct wrap *wrap, const char *text, size_t len_bytes, wrap_emit *emit);
