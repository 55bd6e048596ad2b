/* Texts in buffers. */
#include "lib/text.h"

#include "lib/format.h"

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
