/* What must hold when no sequence runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { BOOKS_WINDOW = 4, BOOKS_WINDOWS = 4 };

/* How many looks make a window: frames that leak are seen after BOOKS_WINDOWS + 1 of them, objects
 * after two. */
void books_window(unsigned long nr_looks);

/*
 * Blocks. Caller is root, and its workers rest. Whether every process is gone, every processor
 * takes a child, the audit finds nothing, what the kernel keeps does not grow, and its canary is as
 * it was; `complaint` says what is not.
 */
bool books_check(char *complaint, size_t size);
/* Looks since the last one that found no more objects than there were at first. */
unsigned books_nr_unclean(void);
/* Where the canary is; 0: the kernel has none. */
unsigned long books_canary(void);
