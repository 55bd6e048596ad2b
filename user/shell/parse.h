/*
 * Taking a line apart: commands with their words, joined by `;`, `&&` and `||`.
 * Quotes '...' and "...", backslash, `$?` (not within '...'), and `#` for the rest of the line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { COMMAND_LINE_MAX = 1024, COMMAND_WORDS_MAX = 128 };

/* What joins a command to the next one. */
enum connector {
	CONNECT_END,
	CONNECT_ALWAYS,  /* ; */
	CONNECT_IF_GOOD, /* && */
	CONNECT_IF_BAD,  /* || */
};

struct command_words {
	int argc;
	char *argv[COMMAND_WORDS_MAX + 1]; /* into text; ends in NULL */
	enum connector connector;
	char text[COMMAND_LINE_MAX + 16]; /* room for `$?`s, which grow */
};

/*
 * Takes the next command off the line; status is what `$?` stands for. NULL, or a complaint where
 * the line makes no sense. A command of no words is legal only at the line's end.
 */
const char *parse_command(const char **line, int status, struct command_words *words);
