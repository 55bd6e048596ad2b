/* The text being edited. */
#include "line.h"

#include <string.h>

/* True for the second and further bytes of a UTF-8 character. */
static bool is_continuation(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

void line_init(struct line *line, char *text, size_t size_bytes)
{
	*line = (struct line){ .text = text, .size_bytes = size_bytes };
	text[0] = '\0';
}

void line_set(struct line *line, const char *text)
{
	size_t length = strlen(text);

	if (length >= line->size_bytes) {
		length = line->size_bytes - 1;
	}
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	line->length = length;
	line->cursor = length;
}

bool line_insert(struct line *line, const char *bytes, size_t nr_bytes)
{
	char *at = line->text + line->cursor;

	if (line->length + nr_bytes >= line->size_bytes) {
		return false;
	}
	memmove(at + nr_bytes, at, line->length - line->cursor + 1);
	memcpy(at, bytes, nr_bytes);
	line->length += nr_bytes;
	line->cursor += nr_bytes;
	return true;
}

void line_remove(struct line *line, size_t start, size_t end)
{
	memmove(line->text + start, line->text + end, line->length - end + 1);
	line->length -= end - start;
	line->cursor = start;
}

size_t line_previous(const struct line *line)
{
	size_t at = line->cursor;

	while (at > 0 && is_continuation(line->text[at - 1])) {
		at--;
	}
	return at > 0 ? at - 1 : 0;
}

size_t line_next(const struct line *line)
{
	size_t at = line->cursor;

	if (at < line->length) {
		at++;
	}
	while (at < line->length && is_continuation(line->text[at])) {
		at++;
	}
	return at;
}

size_t line_word_start(const struct line *line)
{
	size_t at = line->cursor;

	while (at > 0 && line->text[at - 1] == ' ') {
		at--;
	}
	while (at > 0 && line->text[at - 1] != ' ') {
		at--;
	}
	return at;
}

size_t line_columns(const struct line *line, size_t start, size_t end)
{
	size_t nr_columns = 0;

	for (size_t at = start; at < end; at++) {
		nr_columns += !is_continuation(line->text[at]);
	}
	return nr_columns;
}
