/* The policies of the boot archive, sealed, with all that they point to: for program_policy.c. */
#pragma once

#include "core/syscall_table.h"
#include "lib/status.h"
#include "mm/gate/current/credential.h"
#include "task/authority/policy_parse.h"

struct archive_entry;

#define POLICY_FOLDER "etc/"
#define POLICY_BOOT_FILE POLICY_FOLDER "policy"

/* Of processes that claim a rule which there is not: they may leave. */
extern const struct syscall_table *policy_table_of_none;

/*
 * Boot: reads and seals the files of POLICY_FOLDER that are a policy. What is wrong with
 * POLICY_BOOT_FILE the log says, and for which there was no room. Panics without memory for what
 * each machine needs.
 */
void policies_read(void);
/* That of a file; NULL: it is none, or there was no room. */
const struct program_policy *policy_of(const struct archive_entry *file);
/* What is wrong with a file that is none: *error, and the log. EINVAL, ENOMEM. */
status_t policy_mistake(const struct archive_entry *file, struct policy_error *error) MUST_CHECK;
