/* The system-call tables of programs that may not make every call. */
#pragma once

#include "lib/status.h"
#include "task/authority/syscall_rows.h"

struct pool;

/* A table in the pool whose other calls end in EPERM, and a line in the log. ENOMEM. */
status_t policy_table_create(const struct pool *pool, const struct syscall_set *allowed,
			     const struct syscall_table **out) MUST_CHECK;
