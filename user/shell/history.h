/* The lines entered before, newest last. */
#pragma once

#include <stddef.h>

/* Remembers a line, unless it is empty or the same as the newest. */
void history_add(const char *text);
/* The nth newest line, from 1; NULL where there is none. */
const char *history_get(size_t nth);
