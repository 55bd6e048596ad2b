/* A policy in its own pool, which is sealed, with all that it points to: for program_policy.c. */
#pragma once

#include "core/syscall_table.h"
#include "lib/status.h"
#include "mm/gate/credential.h"
#include "task/policy_parse.h"

/*
 * From a file of the archive; in force nowhere. ENOENT: there is none; EINVAL: *error says what is
 * wrong with it, and so does the log; ENOMEM.
 */
status_t policy_create(const char *path, const struct program_policy **out,
		       struct policy_error *error) MUST_CHECK;
/* One that is in use nowhere. Flushes. */
void policy_destroy(const struct program_policy *policy);
