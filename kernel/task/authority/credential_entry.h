/*
 * The entries of credentials, for the files that read them. They lie in a write-rare pool that is
 * claimed; the gate writes to it.
 */
#pragma once

#include "core/lock.h"
#include "core/options.h"
#include "mm/gate/current/credential.h"
#include "task/authority/credentials.h"
#include "task/process/pid.h"
#include "task/process/process.h"

/* By pid. */
extern const struct credential *credential_entries;
/* Beside them. */
extern const struct authority *credential_authority;
/* Guards an identity's two halves: who looks at both sees those of one moment. */
extern struct lock identity_lock;

/* That of a number, if it is this process's; else NULL. */
static inline const struct credential *entry_with(uint32_t pid, const struct process *process)
{
	return LIKELY(pid <= PID_MAX && credential_entries[pid].holder == process)
		       ? &credential_entries[pid]
		       : NULL;
}
/* NULL: it has none that is its own. */
static inline const struct credential *entry_of(const struct process *process)
{
	return entry_with(process->pid, process);
}

/* That of a process that leads to another entry, or to none, is still somewhere. NULL: it never had
 * one. */
const struct credential *entry_find(const struct process *process);
/* That of the current process, if this is it. */
const struct credential *acting_entry_of(const struct process *process);
pfn_t credential_root(const struct as *as);
static inline bool credentials_are_protected(void) { return options.cred == cred_protected; }
/* Tells the log: what the process is led to, or was to become, does not count. */
void credentials_refuse(const struct process *process, const char *why);
