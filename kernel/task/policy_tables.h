/* The system-call tables of programs that may not make every call. */
#pragma once

#include "lib/status.h"
#include "task/syscall_rows.h"

struct pool;

static inline bool syscall_set_equal(const struct syscall_set *a, const struct syscall_set *b)
{
	return a->words[0] == b->words[0] && a->words[1] == b->words[1];
}
static_assert(SYSCALL_SET_WORDS == 2, "both are compared");

/* A table in the pool whose other calls end in EPERM, and a line in the log. ENOMEM. */
status_t policy_table_create(const struct pool *pool, const struct syscall_set *allowed,
			     const struct syscall_table **out) MUST_CHECK;
