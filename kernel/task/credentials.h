/*
 * Who a process acts for, and which rule of the policy it is under.
 *
 * cred=protected keeps that in a write-rare pool, one entry for each number that a process can
 * have. An entry names the process that it belongs to; every use holds that against the process
 * that asks. So whoever can write to ordinary kernel memory can neither change an entry nor make a
 * process use another's: all that is left in struct process is the number that leads to its entry.
 * cred=plain keeps it in struct process, as other kernels do, to show why not to.
 */
#pragma once

#include "lib/types.h"

struct process;

/* What a process is taken for whose entry is not its own: a user that owns nothing. */
#define CREDENTIALS_NOBODY UINT32_MAX
#define CREDENTIALS_NO_RULE UINT32_MAX /* no policy has that many */

/* Boot: makes the pool, and has memory kept back for root's processes. Panics without memory. */
void credentials_init(void);

/* Caller holds process_lock for both: the process has just got its number; it is about to give it
 * back. */
void credentials_give(struct process *process, const struct process *parent);
void credentials_take(struct process *process);

/* Any context; without a lock. */
uint32_t credentials_uid(const struct process *process);
/* CREDENTIALS_NO_RULE for a process whose entry is not its own. An index that the policy in force
 * knows rules by; 0: none. */
unsigned credentials_rule(const struct process *process);

/* Checks nothing: the caller has. It is what attacks want the kernel to call. */
void credentials_set(struct process *process, uint64_t uid);
void credentials_set_rule(struct process *process, unsigned rule);

/* Where the uid in force lies, for the vulnerable leak. */
const uint32_t *credentials_uid_place(const struct process *process);
