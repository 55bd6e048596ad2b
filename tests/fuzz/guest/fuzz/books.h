/* What must hold when no sequence runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { BOOKS_WINDOW = 8, BOOKS_WINDOWS = 4 };

/* How many looks make a window; a leak is seen after BOOKS_WINDOWS + 1 of them. */
void books_window(unsigned long nr_looks);

/*
 * Blocks. Caller is root, and its workers rest. Whether every process is gone, every processor
 * takes a child, the audit finds nothing, what the kernel keeps does not grow, and its canary is as
 * it was; `complaint` says what is not.
 */
bool books_check(char *complaint, size_t size);
/* Where the canary is; 0: the kernel has none. */
unsigned long books_canary(void);
