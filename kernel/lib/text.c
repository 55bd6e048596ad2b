/* Texts in buffers. */
#include "lib/text.h"

#include "lib/format.h"
#include "lib/string.h"

struct text text_begin(char *bytes, size_t size_bytes)
{
	if (size_bytes) {
		bytes[0] = '\0';
	}
	return (struct text){ .bytes = bytes, .size = size_bytes };
}

void text_say(struct text *text, const char *format, ...)
{
	va_list arguments;
	size_t len;

	if (!text->size) {
		return;
	}
	va_start(arguments, format);
	len = (size_t)format_va(text->bytes + text->len, text->size - text->len, format, arguments);
	va_end(arguments);
	text->len += MIN(len, text->size - text->len - 1);
}

void text_write_lines(const char *text, size_t len_bytes, const char *line_end,
		      void (*write)(const char *text, size_t len_bytes))
{
	size_t start = 0;

	for (size_t i = 0; i < len_bytes; i++) {
		if (text[i] == '\n') {
			write(text + start, i - start);
			write(line_end, strlen(line_end));
			start = i + 1;
		}
	}
	write(text + start, len_bytes - start);
}
