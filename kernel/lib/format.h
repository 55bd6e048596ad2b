/*
 * printf-style formatting without floating point: %d %i %u %x %X %p %s %c %% with flags `-0#+ `,
 * width, precision (also `*`) and the lengths hh h l ll z t j. Anything else is printed as it
 * stands.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "lib/types.h"

/* Both return the length the whole text needs; the buffer is always terminated when size_bytes > 0.
 */
int format(char *buffer, size_t size_bytes, const char *format, ...) PRINTF_LIKE(3, 4);
int format_va(char *buffer, size_t size_bytes, const char *format, va_list arguments);
