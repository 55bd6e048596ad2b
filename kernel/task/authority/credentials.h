/*
 * Who a process acts for, which rule of the policy it is under, and which job it is a member of.
 *
 * cred=protected keeps that in a write-rare pool, one entry for each number that a process can
 * have. An entry names the process that it belongs to; every use holds that against the process
 * that asks. So whoever can write to ordinary kernel memory can neither change an entry nor make a
 * process use another's: all that is left in struct process is the number that leads to its entry.
 *
 * Which process is the current one the gate says (core/current.h), and not a pointer: what is done
 * in the name of the current process is held against that. cred=plain keeps user and rule in struct
 * process, as other kernels do, to show why not to. What the witness needs (witness.h) is in the
 * entry in any case: the job, and the user that was granted.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"
#include "mm/gate/current/credential.h"

struct archive_entry;
struct as;
struct process;

/* What a process is taken for whose entry is not its own: a user that owns nothing. */
#define CREDENTIALS_NOBODY UINT32_MAX
#define CREDENTIALS_NO_RULE UINT32_MAX /* no policy has that many */

/* Boot: makes the pool, and has memory kept back for root's processes. Panics without memory. */
void credentials_init(void);

/*
 * Whatever changes credentials, from here on: EFAULT, and nothing has changed: the entry cannot be
 * written, or is not the process's own. The process must not go on as if it had: process_end.h.
 *
 * Caller holds process_lock for these two: the process has just got its number; it is about to give
 * it back. *pid: which; 0: it had none.
 */
status_t credentials_give(struct process *process, const struct process *parent) MUST_CHECK;
status_t credentials_take(struct process *process, uint32_t *pid) MUST_CHECK;

/* Any context; without a lock. Of any process, to tell about it. */
uint32_t credentials_uid(const struct process *process);
/* Of the current process, to let it do something: nobody, too, if the current one is another. */
uint32_t credentials_acting_uid(const struct process *process);
/* CREDENTIALS_NO_RULE for a process whose entry is not its own. An index that the policy in force
 * knows rules by; 0: none. */
unsigned credentials_rule(const struct process *process);
unsigned credentials_acting_rule(const struct process *process);
/* The acting rule, with CREDENTIALS_WATCHED added for a member of a watched job: it says which
 * table serves the process, in one word. */
unsigned credentials_acting_binding(const struct process *process);
/* The file of the sealed archive that the process was loaded from, or the one that it was forked
 * from; NULL: from none. */
const struct archive_entry *credentials_program(const struct process *process);

/* What attacks want the kernel to call: the current process acts for another user, and nothing is
 * granted by it. With vuln=on alone. */
status_t credentials_set(struct process *process, uint64_t uid) MUST_CHECK;

/* Which policy is in force; NULL: none. */
const struct program_policy *credentials_policy(void);
/* Another one is: policy_set. EFAULT, and nothing has changed. */
status_t credentials_set_policy(const struct program_policy *next) MUST_CHECK;

/*
 * setuid: the process acts for this user from now on, and by right. EPERM: what it was granted last
 * is neither root nor this user.
 */
status_t credentials_grant(struct process *process, uint32_t uid) MUST_CHECK;

/*
 * Whom it acts for, and whom setuid or a rule let it act for, at the same moment. Nobody where its
 * entry is not its own.
 */
struct identity credentials_identity(const struct process *process);
/* Is its entry its own? */
bool credentials_are_own(const struct process *process);

/*
 * The job that the process is a member of, as all that it forks and executes; 0: none, or its entry
 * is not its own: then it counts as watched, too. Members of a watched job look their calls up in
 * the watched table.
 */
struct job {
	uint32_t number;
	bool is_watched;
};
struct job credentials_job(const struct process *process);
/* The current process begins a new one. */
status_t credentials_join(struct process *process, bool is_watched) MUST_CHECK;
/* Caller holds process_lock. Is that the process's pid, whatever its structure says? */
bool credentials_have_number(const struct process *process, uint32_t number);
/* Caller holds process_lock. The process with this pid; NULL: there is none. */
struct process *credentials_holder(uint32_t pid);
/* Caller holds process_lock. The process with this pid, if it is a member of this job; else NULL.
 */
struct process *credentials_member(uint32_t pid, uint32_t job);

/*
 * The address space that a process acts in. Those of one family were made from one another by fork,
 * since the execve that began the family: they alone may show the same frames, as a grant moves a
 * page, and all other memory is its process's own.
 */
struct credential_space {
	pfn_t root;
	uint32_t family;
	uint32_t granted_uid;
};
/* Of a process that may lead elsewhere; of a pid. False: it has none. */
bool credentials_space_of(const struct process *process, struct credential_space *out);
bool credentials_space(uint32_t pid, struct credential_space *out);

/* For the audit. Is its entry its own, and the root there that of its address space, or the
 * kernel's? The first number from there on whose entry is in use; 0: none is. */
bool credentials_fit(const struct process *process);
uint32_t credentials_next(uint32_t from);

/* execve: the current process goes on with the program in this file, under the program's rule and
 * as the rule's user, or as it was; in an address space that is not loaded yet, and has what the
 * program begins with. rsp: its stack pointer, where it gets its auxiliary vector. */
status_t credentials_become(struct process *process, const struct archive_entry *program,
			    const struct as *as, uint64_t rsp) MUST_CHECK;
/* The process has left its address space for good. EFAULT: that must stay as it is, since who has
 * its root loaded may act for the process. */
status_t credentials_leave(struct process *process) MUST_CHECK;

/* Where its entry, and the uid in force, lie, for the vulnerable leak. */
uint64_t credentials_address(const struct process *process);
const uint32_t *credentials_uid_address(const struct process *process);
