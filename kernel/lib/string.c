/* String functions. memcpy, memmove and memset are in arch/x86_64/cpu/memory.asm. */
#include "lib/string.h"

#include <stdint.h>

int memcmp(const void *a, const void *b, size_t len_bytes)
{
	const unsigned char *left = a;
	const unsigned char *right = b;

	for (size_t i = 0; i < len_bytes; i++) {
		if (left[i] != right[i]) {
			return left[i] - right[i];
		}
	}
	return 0;
}

size_t strnlen(const char *text, size_t max_bytes)
{
	size_t len = 0;

	while (len < max_bytes && text[len] != '\0') {
		len++;
	}
	return len;
}

/* Goes through strnlen because the compiler turns a plain loop into a call of strlen. */
size_t strlen(const char *text) { return strnlen(text, PTRDIFF_MAX); }

int strncmp(const char *a, const char *b, size_t max_bytes)
{
	for (size_t i = 0; i < max_bytes; i++) {
		unsigned char left = (unsigned char)a[i];
		unsigned char right = (unsigned char)b[i];

		if (left != right || left == '\0') {
			return left - right;
		}
	}
	return 0;
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, PTRDIFF_MAX); }

char *strchr(const char *text, int c)
{
	while (*text != (char)c) {
		if (*text == '\0') {
			return NULL;
		}
		text++;
	}
	return (char *)text;
}

void string_copy(char *to, const char *from, size_t size_bytes)
{
	size_t len = strnlen(from, size_bytes - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

const char *path_base_name(const char *path)
{
	const char *name = path;

	for (const char *at = path; *at; at++) {
		name = *at == '/' ? at + 1 : name;
	}
	return name;
}
