/*
 * Path, arguments and environment of a new program, on their way between two address spaces: in
 * bounce frames that are scrubbed and given back before the call ends.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

enum {
	EXEC_PATH_BYTES = 256,
	EXEC_STRINGS_BYTES = 3 * PAGE_SIZE - EXEC_PATH_BYTES,
	EXEC_STRINGS_MAX = 400, /* arguments and environment together: pointers to them must fit
				   into the table */
	EXEC_TABLE_WORDS = PAGE_SIZE / 8,
};

/* The bounce frames, four in a row. */
struct exec_bounce {
	char path[EXEC_PATH_BYTES];
	char strings[EXEC_STRINGS_BYTES]; /* one after the other, each terminated */
	uint64_t table[EXEC_TABLE_WORDS]; /* exec_stack.c builds the stack's words here */
};
static_assert(sizeof(struct exec_bounce) == 4 * PAGE_SIZE, "four bounce frames");

struct exec_args {
	struct exec_bounce *bounce;
	size_t len_bytes;      /* of the strings */
	unsigned nr_arguments; /* the first strings */
	unsigned nr_variables; /* the rest */
};

/* ENOMEM. */
status_t exec_args_get(struct exec_args *args) MUST_CHECK;
void exec_args_put(struct exec_args *args);

/* EFAULT, ENAMETOOLONG. */
status_t exec_args_fetch_path(struct exec_args *args, uva_t path) MUST_CHECK;
/* EFAULT; E2BIG: more than fits. A null argv or envp is an empty one; a program without arguments
 * gets an empty one, as its own name is believed to be there. */
status_t exec_args_fetch(struct exec_args *args, uva_t argv, uva_t envp) MUST_CHECK;
/* One argument, from the kernel. E2BIG. */
status_t exec_args_add(struct exec_args *args, const char *argument) MUST_CHECK;
