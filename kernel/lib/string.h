/* The C library functions that the compiler may call, and the few more that the kernel uses. */
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len_bytes);
void *memmove(void *to, const void *from, size_t len_bytes);
void *memset(void *to, int byte, size_t len_bytes);
int memcmp(const void *a, const void *b, size_t len_bytes);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t max_bytes);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max_bytes);
char *strchr(const char *text, int c);

/* The last part of a path, as policies name programs: "sh". */
const char *path_base_name(const char *path);
/* Copies with truncation; always terminates. size_bytes is that of `to` and at least 1. */
void string_copy(char *to, const char *from, size_t size_bytes);
