/*
 * The entries of credentials, for the two files that read and write them. One for each number that
 * a process can have, in a write-rare pool that is claimed.
 */
#pragma once

#include "core/lock.h"
#include "task/credentials.h"
#include "task/ids.h"
#include "task/process.h"

/* With cred=plain, uid, rule and root are not used. */
struct credential {
	const struct process *holder; /* NULL: the number is not in use */
	struct identity who;
	uint32_t binding; /* the rule, the program, and CREDENTIALS_WATCHED: see below */
	pfn_t root;       /* of its address space; the kernel's own while it has none */
	uint32_t job;
	uint32_t family; /* of its address space */
};
static_assert(sizeof(struct credential) == 32, "a megabyte in all");

/* A binding: the rule below; the program above, one more than its file's index in the boot archive,
 * 0: none. No rule has the last index. */
enum { BINDING_PROGRAM_SHIFT = 16, BINDING_RULE = 0xffff, BINDING_PROGRAM = 0x7fff0000 };
static_assert(!((BINDING_RULE | BINDING_PROGRAM) & CREDENTIALS_WATCHED), "no bit twice");

/* By pid. */
extern const struct credential *credential_entries;
/* Guards an identity's two halves: who looks at both sees those of one moment. */
extern struct lock identity_lock;

/* NULL: it has none that is its own. */
static inline const struct credential *entry_of(const struct process *process)
{
	uint32_t pid = process->pid;

	return LIKELY(pid <= ID_MAX && credential_entries[pid].holder == process)
		       ? &credential_entries[pid]
		       : NULL;
}

/* That of a process that leads to another entry, or to none, is still somewhere. NULL: it never had
 * one. */
const struct credential *entry_find(const struct process *process);
/* entry_of the current process: its address space is loaded, too. */
const struct credential *acting_entry_of(const struct process *process);
pfn_t credential_root(const struct as *as);
bool credentials_are_protected(void);
/* Tells the log: what the process is led to, or was to become, does not count. */
void credentials_refuse(const struct process *process, const char *why);
