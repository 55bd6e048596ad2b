/* A text that grows piece by piece in a buffer of a fixed size. */
#pragma once

#include "lib/types.h"

/* Invariant: bytes[len] is 0, unless size is 0: then nothing is stored. */
struct text {
	char *bytes;
	size_t size, len;
};

/* An empty one. */
struct text text_begin(char *bytes, size_t size_bytes);
/* Appends; what does not fit is cut off. */
void text_say(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* Writes bytes of text, with line_end in place of each \n. */
void text_write_lines(const char *text, size_t len_bytes, const char *line_end,
		      void (*write)(const char *text, size_t len_bytes));
