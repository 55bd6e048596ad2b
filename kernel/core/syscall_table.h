/*
 * Which function serves which system call. The assembly reads it: a call's number leads to a row,
 * the row to a handler. A program that may not make every call has a table of its own. Whatever
 * byte is taken for a row, every table has a handler for it.
 */
#pragma once

#include "lib/types.h"

enum {
	SYSCALL_ROWS_MAX = 256,
	NR_SYSCALL_NUMBERS = 0x1180, /* numbers from here on are nobody's */
};

struct syscall_table {
	void (*handlers[SYSCALL_ROWS_MAX])(void); /* row 0: no such call */
	uint8_t rows[NR_SYSCALL_NUMBERS];
};

/* Every call there is. task/call/syscall.c */
extern const struct syscall_table syscall_table_all;
