/*
 * The text being edited: bytes with a cursor between two of them. Knows nothing of terminals.
 * Moves and deletes by whole UTF-8 characters.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Invariant: cursor <= length < size_bytes, and text[length] is zero. */
struct line {
	char *text;
	size_t size_bytes;
	size_t length;
	size_t cursor;
};

void line_init(struct line *line, char *text, size_t size_bytes);
/* Replaces everything; the cursor goes to the end. What does not fit is cut. */
void line_set(struct line *line, const char *text);
/* Puts bytes in at the cursor; false, and nothing changes, where they do not fit. */
bool line_insert(struct line *line, const char *bytes, size_t nr_bytes);
/* Removes [start, end); the cursor goes to start. */
void line_remove(struct line *line, size_t start, size_t end);

/* Positions around the cursor. */
size_t line_previous(const struct line *line);
size_t line_next(const struct line *line);
size_t line_word_start(const struct line *line);

/* The number of characters, so columns, in [start, end). */
size_t line_columns(const struct line *line, size_t start, size_t end);
