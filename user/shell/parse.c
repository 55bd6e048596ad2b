/* Takes a command line apart. */
#include "parse.h"

#include <stdio.h>
#include <string.h>

/* The text of the words, as it grows. */
struct writer {
	struct command_words *words;
	size_t used;
	bool is_full;
};

static void put(struct writer *writer, char c)
{
	/* The last byte is for the zero that ends the word. */
	if (writer->used + 1 >= sizeof(writer->words->text)) {
		writer->is_full = true;
		return;
	}
	writer->words->text[writer->used++] = c;
}

static void put_status(struct writer *writer, int status)
{
	char digits[12];

	snprintf(digits, sizeof(digits), "%d", status);
	for (const char *digit = digits; *digit != '\0'; digit++) {
		put(writer, *digit);
	}
}

static bool is_end_of_word(char c)
{
	return strchr(" \t;&|<>", c) != NULL; /* the terminating zero is found too */
}

/*
 * Copies what is within quotes, from the first byte after the opening one; past the closing one, or
 * NULL.
 */
static const char *put_quoted(struct writer *writer, const char *at, char quote, int status)
{
	for (; *at != quote; at++) {
		if (*at == '\0') {
			return NULL;
		}
		if (quote == '"' && at[0] == '$' && at[1] == '?') {
			put_status(writer, status);
			at++;
			continue;
		}
		if (quote == '"' && at[0] == '\\' && at[1] != '\0' &&
		    strchr("\"\\$", at[1]) != NULL) {
			at++;
		}
		put(writer, *at);
	}
	return at + 1;
}

/* Copies one word without its quotes; where it ended, or NULL for a quote that is not closed. */
static const char *put_word(struct writer *writer, const char *at, int status)
{
	while (at != NULL && !is_end_of_word(*at)) {
		if (*at == '\'' || *at == '"') {
			at = put_quoted(writer, at + 1, *at, status);
		} else if (at[0] == '$' && at[1] == '?') {
			put_status(writer, status);
			at += 2;
		} else {
			at += at[0] == '\\' && at[1] != '\0';
			put(writer, *at++);
		}
	}
	put(writer, '\0');
	return at;
}

static const char *parse_connector(const char **line, enum connector *connector)
{
	const char *at = *line;

	*connector = CONNECT_END;
	if (*at == '\0' || *at == '#') {
		*line = at + strlen(at);
		return NULL;
	}
	if (*at == ';') {
		*connector = CONNECT_ALWAYS;
		*line = at + 1;
		return NULL;
	}
	if (at[0] == at[1] && (*at == '&' || *at == '|')) {
		*connector = *at == '&' ? CONNECT_IF_GOOD : CONNECT_IF_BAD;
		*line = at + 2;
		return NULL;
	}
	return "there are no pipes, redirections or background jobs here";
}

const char *parse_command(const char **line, int status, struct command_words *words)
{
	struct writer writer = { .words = words };
	const char *at = *line + strspn(*line, " \t");
	const char *complaint;

	words->argc = 0;
	while (!is_end_of_word(*at) && *at != '#') {
		if (words->argc == COMMAND_WORDS_MAX) {
			return "too many words";
		}
		words->argv[words->argc++] = words->text + writer.used;
		at = put_word(&writer, at, status);
		if (at == NULL) {
			return "a quote is not closed";
		}
		if (writer.is_full) {
			return "the command is too long";
		}
		at += strspn(at, " \t");
	}
	words->argv[words->argc] = NULL;
	*line = at;
	complaint = parse_connector(line, &words->connector);
	if (complaint == NULL && words->argc == 0 && words->connector != CONNECT_END) {
		return "a command is missing";
	}
	return complaint;
}
