/*
 * Builds that look: the linker leads all calls of memcpy and its like to __wrap_..., which look and
 * then call __real_... (ld's --wrap).
 */
#pragma once

#include <stddef.h>

void *__real_memcpy(void *restrict to, const void *restrict from, size_t len_bytes);
void *__real_memmove(void *to, const void *from, size_t len_bytes);
void *__real_memset(void *to, int byte, size_t len_bytes);
void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t len_bytes);
void *__wrap_memmove(void *to, const void *from, size_t len_bytes);
void *__wrap_memset(void *to, int byte, size_t len_bytes);
