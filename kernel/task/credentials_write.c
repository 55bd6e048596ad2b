/*
 * Changes whom a process acts for. Each change is one write-rare call: it is done as a whole, or
 * the caller learns that nothing was.
 */
#include "arch/x86_64/registers.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/frame_init.h"
#include "mm/pmalloc.h"
#include "mm/ptable.h"
#include "task/boot_archive.h"
#include "task/credential_entry.h"
#include "task/program_policy.h"

RO_AFTER_INIT const struct credential *credential_entries;
static RO_AFTER_INIT const struct pool *pool;

/* Why it failed is the log's: for the caller it is all the same. */
static status_t written(const struct process *process, status_t status)
{
	if (LIKELY(status == STATUS_OK)) {
		return STATUS_OK;
	}
	credentials_refuse(process, "keeps the credentials that it had: they cannot be written");
	return STATUS_EFAULT;
}

static status_t entry_write(const struct process *process, const struct credential *entry,
			    const struct credential *value)
{
	return written(process,
		       entry ? wr_memcpy_in(pool, entry, value, sizeof(*value)) : STATUS_EFAULT);
}

status_t credentials_set(struct process *process, uint64_t uid)
{
	const struct credential *entry;

	if (!credentials_are_protected()) {
		process->uid = (uint32_t)uid;
		return STATUS_OK;
	}
	entry = entry_of(process);
	return written(process,
		       entry ? wr_assign_in(pool, &entry->who.uid, (uint32_t)uid) : STATUS_EFAULT);
}

status_t credentials_grant(struct process *process, uint32_t uid)
{
	const struct credential *entry = entry_of(process);
	const struct identity who = { uid, uid };
	status_t status = STATUS_EFAULT;

	lock_acquire(&identity_lock);
	if (entry && entry->who.granted_uid != 0 && entry->who.granted_uid != uid) {
		lock_release(&identity_lock);
		return STATUS_EPERM;
	}
	if (entry) {
		status = wr_memcpy_in(pool, &entry->who, &who, sizeof(who));
	}
	if (status == STATUS_OK) {
		process->uid = uid;
	}
	lock_release(&identity_lock);
	return written(process, status);
}

/* Whether the process is watched, and its program, stay as they are. */
status_t credentials_set_rule(struct process *process, unsigned rule)
{
	const struct credential *entry = entry_of(process);
	unsigned binding = entry ? (entry->binding & ~(unsigned)BINDING_RULE) | rule : 0;
	status_t status = written(process, entry ? wr_assign_in(pool, &entry->binding, binding)
						 : STATUS_EFAULT);

	if (status == STATUS_OK) {
		process->binding = binding & ~(unsigned)BINDING_PROGRAM;
	}
	return status;
}

status_t credentials_join(struct process *process, struct job job)
{
	const struct credential *entry = entry_of(process);
	struct credential value = entry ? *entry : (struct credential){ 0 };
	status_t status;

	value.job = job.number;
	value.binding =
		(value.binding & ~CREDENTIALS_WATCHED) | (job.is_watched ? CREDENTIALS_WATCHED : 0);
	status = entry_write(process, entry, &value);
	if (status == STATUS_OK) {
		process->binding = (process->binding & ~CREDENTIALS_WATCHED) |
				   (value.binding & CREDENTIALS_WATCHED);
	}
	return status;
}

status_t credentials_give(struct process *process, const struct process *parent)
{
	struct credential value = { .holder = process, .root = credential_root(process->as) };
	const struct credential *inherited = parent ? entry_of(parent) : NULL;
	unsigned binding = parent ? credentials_acting_binding(parent) : 0;
	status_t status;

	assert(lock_is_held(&process_lock));
	if (parent) {
		value.who = credentials_identity(parent);
	}
	if (parent && credentials_are_protected() && !acting_entry_of(parent)) {
		value.who.uid = CREDENTIALS_NOBODY;
	}
	/* of a parent without rights: a rule that there is not, and no bit more */
	value.binding = binding == CREDENTIALS_NO_RULE ? (unsigned)BINDING_RULE
						       : binding & ~(unsigned)BINDING_PROGRAM;
	if (inherited) {
		value.job = inherited->job;
		value.family = inherited->family;
		value.binding |= inherited->binding & BINDING_PROGRAM;
	}
	/* a number that was given back too early is no way to another's entry */
	status = entry_write(
		process,
		credential_entries[process->pid].holder ? NULL : &credential_entries[process->pid],
		&value);
	if (status == STATUS_OK) {
		process->uid = value.who.uid;
		process->binding = value.binding & ~(unsigned)BINDING_PROGRAM;
	}
	return status;
}

/* A rule's uid, and no other. */
static bool is_of_rule(uint32_t uid, unsigned rule)
{
	const struct policy_rule *found = program_rule(rule);

	return found && found->has_uid && found->uid == uid;
}

/* No store changes what it is drawn from, and a family that began at another moment has another. */
static uint32_t family_draw(void) { return (uint32_t)tsc_read() | 1; }

status_t credentials_become(struct process *process, const struct archive_entry *program,
			    const uint32_t *uid, unsigned rule, const struct as *as)
{
	const struct credential *entry =
		credentials_are_protected() ? acting_entry_of(process) : entry_of(process);
	struct credential value = entry ? *entry : (struct credential){ 0 };
	unsigned index;
	status_t status;

	if (!entry || !boot_archive_index(program, &index) || (uid && !is_of_rule(*uid, rule))) {
		return written(process, STATUS_EFAULT);
	}
	value.binding = (entry->binding & CREDENTIALS_WATCHED) |
			(index + 1) << BINDING_PROGRAM_SHIFT | (rule & BINDING_RULE);
	value.root = credential_root(as);
	value.family = family_draw();
	if (uid) {
		value.who = (struct identity){ *uid, *uid };
	}
	status = entry_write(process, entry, &value);
	if (status == STATUS_OK) {
		process->uid = uid ? *uid : process->uid;
		process->binding = value.binding & ~(unsigned)BINDING_PROGRAM;
	}
	return status;
}

/* Its root's frame will be another's. */
status_t credentials_leave(struct process *process)
{
	const struct credential *entry = entry_find(process);

	return entry ? written(process, wr_assign_in(pool, &entry->root.pfn, kernel_root.pfn))
		     : STATUS_OK;
}

/* Else another process, at this one's address, could be led back to it. */
status_t credentials_take(struct process *process, uint32_t *pid)
{
	const struct credential *entry = entry_find(process);
	status_t status;

	assert(lock_is_held(&process_lock));
	if (!entry) {
		*pid = 0;
		return STATUS_OK;
	}
	status = entry_write(process, entry, &(struct credential){ .holder = NULL });
	if (status == STATUS_OK) {
		*pid = (uint32_t)(entry - credential_entries);
	}
	return status;
}

/* The kernel's own threads count as root. */
static bool current_is_root(void)
{
	const struct process *process = process_current();

	return !process || credentials_acting_uid(process) == 0;
}

void credentials_init(void)
{
	void *object;

	if (pmalloc_create_pool("credentials", POOL_WR, 0, 0, &pool) || pmalloc_claim_pool(pool) ||
	    pmalloc_array(pool, ID_MAX + 1, sizeof(struct credential), &object) ||
	    pmalloc_protect_pool(pool)) {
		panic("no memory for credentials");
	}
	credential_entries = object;
	frame_alloc_set_root_hook(current_is_root);
}
