/* Process groups and sessions: who is meant together by kill and wait4. Guarded by process_lock. */
#include "lib/assert.h"
#include "task/call/syscall.h"
#include "task/process/process.h"

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
