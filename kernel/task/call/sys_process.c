/* Process calls. */
#include "arch/x86_64/entry/entry_set.h"
#include "core/options.h"
#include "lib/assert.h"
#include "mm/as/usercopy.h"
#include "task/authority/credentials.h"
#include "task/authority/witness.h"
#include "task/call/syscall.h"
#include "task/process/clone.h"
#include "task/process/exec.h"
#include "task/process/process.h"
#include "task/process/process_end.h"
#include "task/process/usage.h"

/* Linux's options of wait4. Nobody stops, or goes on. */
#define WAIT_STOPPED 2u
#define WAIT_CONTINUED 8u
#define WAIT_NO_THREAD 0x20000000u
#define WAIT_ALL 0x40000000u
#define WAIT_CLONE 0x80000000u
#define WAIT_KNOWN                                                                                 \
	(WAIT_NO_HANG | WAIT_STOPPED | WAIT_CONTINUED | WAIT_NO_THREAD | WAIT_ALL | WAIT_CLONE)

int64_t sys_getpid(void) { return process_current()->pid; }

int64_t sys_getppid(void)
{
	const struct process *parent;
	uint32_t pid = 0;

	lock_acquire(&process_lock);
	parent = process_current()->parent;
	if (parent) {
		pid = parent->pid;
	}
	lock_release(&process_lock);
	return pid;
}

int64_t sys_getuid(void) { return credentials_acting_uid(process_current()); }

int64_t sys_geteuid(void) { return credentials_acting_uid(process_current()); }

/* There are no groups: a process's group is named as its user is. */
int64_t sys_getgid(void) { return credentials_acting_uid(process_current()); }

int64_t sys_getegid(void) { return credentials_acting_uid(process_current()); }

/*
 * The process keeps the user that it has. It must not go on as if it had dropped it. authority=off
 * tells it that it has, as careless kernels do, and tells the witness the truth.
 */
static int64_t setuid_failed(const struct process *process)
{
	if (options.authority == authority_off) {
		witness_note(process, BW_FACT_OTHER_USER);
		return STATUS_OK;
	}
	process_end_insecure("setuid");
	return STATUS_EFAULT;
}

int64_t sys_setuid(uint64_t uid)
{
	struct process *process = process_current();
	status_t status;

	if ((uint32_t)uid == UINT32_MAX) {
		return STATUS_EINVAL;
	}
	if (credentials_acting_uid(process) != 0 &&
	    credentials_acting_uid(process) != (uint32_t)uid) {
		return STATUS_EPERM;
	}
	status = credentials_grant(process, (uint32_t)uid);
	if (status == STATUS_OK) {
		process_set_band(process, (uint32_t)uid);
	}
	return status == STATUS_EFAULT ? setuid_failed(process) : status;
}

int64_t sys_fork(struct regs *regs)
{
	uint32_t pid;
	status_t status;

	syscall_regs_complete(regs);
	status = process_fork(regs, &thread_wish_fork, &pid);
	return status ? status : (int64_t)pid;
}

int64_t sys_execve(uint64_t path, uint64_t argv, uint64_t envp)
{
	return exec_from_user((uva_t){ path }, (uva_t){ argv }, (uva_t){ envp });
}

int64_t sys_exit_group(uint64_t code)
{
	(void)process_exit(status_of_exit((int32_t)code), BW_END_EXIT);
	return STATUS_OK;
}

static enum child_kinds kinds_of(uint32_t wait_options)
{
	if (wait_options & WAIT_ALL) {
		return CHILDREN_ALL;
	}
	return wait_options & WAIT_CLONE ? CHILDREN_CLONE : CHILDREN_USUAL;
}

/* Who is wanted: a pid, 0 the caller's group, -1 any, else the group of that number. */
int64_t sys_wait4(uint64_t wanted, uint64_t status_at, uint64_t wait_options, uint64_t usage_at)
{
	int32_t which = (int32_t)wanted;
	struct child_wish wish = { .kinds = kinds_of((uint32_t)wait_options) };
	struct child_end end;
	struct usage usage;
	status_t status;

	if ((uint32_t)wait_options & ~WAIT_KNOWN) {
		return STATUS_EINVAL;
	}
	if (which == INT32_MIN) {
		return STATUS_ESRCH;
	}
	if (which > 0) {
		wish.pid = (uint32_t)which;
	} else if (which != -1) {
		wish.group = which ? (uint32_t)-which : process_current()->group;
	}
	status = process_wait(&wish, wait_options & WAIT_NO_HANG, &end);
	if (status || end.pid == 0) {
		return status;
	}
	usage_fill(&usage, end.ticks);
	if ((status_at && store_user_u32((uva_t){ status_at }, (uint32_t)end.status)) ||
	    (usage_at && copy_to_user((uva_t){ usage_at }, &usage, sizeof(usage)))) {
		return STATUS_EFAULT;
	}
	return end.pid;
}

/* ---- Process groups and sessions: who is meant together by kill and wait4. Guarded by
 * process_lock ---- */

/* Caller holds process_lock. 0: the caller's own. */
static struct process *find(uint64_t pid)
{
	return (uint32_t)pid == 0 ? process_current() : process_find((uint32_t)pid);
}

/* What one of a process's words says; ESRCH. */
static int64_t read_of(uint64_t pid, uint32_t (*read)(const struct process *))
{
	const struct process *process;
	int64_t result;

	lock_acquire(&process_lock);
	process = find(pid);
	result = process ? (int64_t)read(process) : STATUS_ESRCH;
	lock_release(&process_lock);
	return result;
}

static uint32_t group_of(const struct process *process) { return process->group; }

static uint32_t session_of(const struct process *process) { return process->session; }

int64_t sys_getpgid(uint64_t pid) { return read_of(pid, group_of); }

int64_t sys_getpgrp(void) { return process_current()->group; }

int64_t sys_getsid(uint64_t pid) { return read_of(pid, session_of); }

struct group_search {
	uint32_t group;
	bool *is_there;
	uint32_t *session;
};

static void look(struct process *process, const void *argument)
{
	const struct group_search *search = argument;

	if (process->group == search->group) {
		*search->is_there = true;
		*search->session = process->session;
	}
}

static bool find_group(uint32_t group, uint32_t *session)
{
	bool is_there = false;

	process_for_each(look, &(struct group_search){ group, &is_there, session });
	return is_there;
}

/* Caller holds process_lock. In the order of Linux's checks. */
static status_t may_set(const struct process *process)
{
	const struct process *self = process_current();

	assert(lock_is_held(&process_lock));
	if (!process || (process != self && process->parent != self)) {
		return STATUS_ESRCH;
	}
	if (process != self) {
		if (process->session != self->session) {
			return STATUS_EPERM;
		}
		if (process->has_execed) {
			return STATUS_EACCES;
		}
	}
	return process->session == process->pid ? STATUS_EPERM : STATUS_OK;
}

int64_t sys_setpgid(uint64_t pid, uint64_t group)
{
	struct process *process;
	uint32_t session = 0, self_session = process_current()->session;
	bool is_there;
	status_t status;

	if ((int32_t)((uint32_t)group ? group : pid) < 0) {
		return STATUS_EINVAL;
	}
	/* before the lock: a group that ends meanwhile was there when the call began */
	is_there = find_group((uint32_t)group, &session);
	lock_acquire(&process_lock);
	process = find(pid);
	status = may_set(process);
	if (status == STATUS_OK) {
		uint32_t wanted = (uint32_t)group ? (uint32_t)group : process->pid;

		if (wanted != process->pid && (!is_there || session != self_session)) {
			status = STATUS_EPERM;
		} else {
			process->group = wanted;
		}
	}
	lock_release(&process_lock);
	return status;
}

/* EPERM: there is a group of this number, which the new session's first would have. */
int64_t sys_setsid(void)
{
	struct process *self = process_current();
	uint32_t session;

	if (find_group(self->pid, &session)) {
		return STATUS_EPERM;
	}
	lock_acquire(&process_lock);
	self->group = self->session = self->pid;
	lock_release(&process_lock);
	return self->pid;
}
