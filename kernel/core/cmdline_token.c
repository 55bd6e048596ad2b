/* Splits a command line into words. */
#include "core/cmdline_token.h"

struct word {
	char *text;
	size_t size;
	size_t len; /* of the whole word, stored or not */
};

bool cmdline_is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static void add(struct word *word, char c)
{
	if (word->len + 1 < word->size) {
		word->text[word->len] = c;
	}
	word->len++;
}

/*
 * In double quotes the backslash is an ordinary character in front of all but these (GRUB escapes
 * all three).
 */
static bool is_escape(const char *at, char quote)
{
	if (at[0] != '\\' || at[1] == '\0' || quote == '\'') {
		return false;
	}
	return quote == '\0' || at[1] == '"' || at[1] == '\\' || at[1] == '\'';
}

/* Reads to the end of the word; false when a quote is left open. */
static bool read_word(const char **line, struct word *word)
{
	const char *at = *line;
	char quote = '\0';

	for (; *at != '\0' && (quote != '\0' || !cmdline_is_blank(*at)); at++) {
		if (is_escape(at, quote)) {
			add(word, *++at);
		} else if (quote != '\0' && *at == quote) {
			quote = '\0';
		} else if (quote == '\0' && (*at == '"' || *at == '\'')) {
			quote = *at;
		} else {
			add(word, *at);
		}
	}
	*line = at;
	return quote == '\0';
}

enum cmdline_token_result cmdline_token_next(const char **line, char *word, size_t size_bytes)
{
	struct word out = { .text = word, .size = size_bytes };
	bool is_closed;

	while (cmdline_is_blank(**line)) {
		(*line)++;
	}
	word[0] = '\0';
	if (**line == '\0') {
		return TOKEN_END;
	}
	is_closed = read_word(line, &out);
	word[MIN(out.len, size_bytes - 1)] = '\0';
	if (!is_closed) {
		return TOKEN_UNTERMINATED;
	}
	return out.len < size_bytes ? TOKEN_FOUND : TOKEN_TOO_LONG;
}
