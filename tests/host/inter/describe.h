/* The steps of a schedule in words. */
#pragma once

#include <stddef.h>

/* The word at this address, as far as it is known. */
void describe_word(const void *at, char *text, size_t size_bytes);
/* The function and line of the code at this address. */
void describe_code(const void *code, char *text, size_t size_bytes);
