/*
 * Splits a command line into words the way a shell does: blanks separate words, '...' keeps all,
 * "..." keeps everything but \", \' and \\ (as GRUB escapes), and a backslash outside of quotes
 * keeps the next character.
 */
#pragma once

#include "lib/types.h"

enum cmdline_token_result {
	TOKEN_FOUND,
	TOKEN_END,          /* no word is left */
	TOKEN_TOO_LONG,     /* the word was skipped; the buffer holds its beginning */
	TOKEN_UNTERMINATED, /* a quote is never closed; the buffer holds what there is */
};

/* A space, tab or end of line: what separates words. */
bool cmdline_is_blank(char c);

/*
 * Reads the next word from *line into `word`, always terminated, and moves *line behind it.
 * size_bytes is that of `word` and at least 1.
 */
enum cmdline_token_result cmdline_token_next(const char **line, char *word, size_t size_bytes);
