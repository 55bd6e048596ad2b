/* What must hold when no sequence runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Blocks. Caller is root, and its workers rest. Whether every process is gone, every processor takes a child,
 * the audit finds nothing, what the kernel keeps does not grow, and its canary is as it was; `complaint` says what
 * is not.
 */
bool books_check(char *complaint, size_t size);
/* Where the canary is; 0: the kernel has none. */
unsigned long books_canary(void);
