/*
 * The policy in force: which system calls a program may make, and as which user it runs. Every
 * policy of the boot archive is read into a sealed pool while booting; docs/policy.md has the
 * grammar.
 *
 * A rule is known by a number, which says which policy it is of; 0 is no rule. A process's is among
 * its credentials. It is right at any time that user mode or another CPU can see: a new policy is
 * put in force while all CPUs stand at the border of the kernel, and leads every process over to
 * the rule of the same program.
 */
#pragma once

#include "core/syscall_table.h"
#include "lib/status.h"
#include "task/authority/policy_build.h"

struct archive_entry;
struct process;

/*
 * Boot, before anything is sealed: reads all policies, the files of POLICY_FOLDER that are one. The
 * policy of POLICY_BOOT_FILE is in force, or none where that is broken or missing, with a line that
 * says so. Panics without memory for what each machine needs.
 */
void program_policy_init(void);

/*
 * Puts the policy of a file of the archive in force, for processes that run, too. On failure the
 * one before stays. ENOENT: no such file; EINVAL: *error says what is wrong with it, or that the
 * boot has not read it, and so does the log; ENOMEM; EIO: the kernel cannot write down that it is
 * in force. Blocks.
 */
status_t program_policy_load(const char *path, struct policy_error *error) MUST_CHECK;

/* The rule of the program in this file of the archive (NULL: of none); 0: it has none. */
unsigned program_rule_of(const struct archive_entry *file);
/* NULL for 0, and for a number that no rule has. Of the policy in force, from 0 on. */
const struct policy_rule *program_rule(unsigned number);
const struct policy_rule *program_rule_nth(uint64_t index);
/* A member of an attack whose calls this CPU serves by another table than the watched one has made
 * it so. */
void program_check_table(const struct process *process);
/* Where the current process's rule leads its calls, and whether it lets it make the call of a row.
 */
const struct syscall_table *program_table(const struct process *process);
bool program_may_call(const struct process *process, unsigned row);
/* This CPU serves the calls of the current process as its rule says: once its entry, or with
 * cred=plain its structure, says another one than before. */
void program_bind(const struct process *process);

/* The file that the policy in force is from; "": there is none. */
const char *program_policy_path(void);
