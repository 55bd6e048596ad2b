/*
 * Changes whom a process acts for. Each change is one operation of the gate: it is done as a whole,
 * or the caller learns that nothing was.
 */
#include "core/options.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "mm/frame/frame_init.h"
#include "mm/gate/gate.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/ptable.h"
#include "task/authority/credential_entry.h"
#include "task/authority/policy_parse.h"
#include "task/authority/program_policy.h"
#include "task/process/boot_archive.h"
#include "task/process/process.h"

RO_AFTER_INIT const struct credential *credential_entries;
RO_AFTER_INIT const struct authority *credential_authority;

static_assert((int)CREDENTIAL_FIRST == (int)PID_INIT, "the first process");
static_assert((int)KSTACK_PIDS == PID_MAX + 1, "stacks are counted for every entry");
static_assert((int)RULE_NAME_BYTES == (int)POLICY_NAME_BYTES, "a rule has its program's name");

/* Why it failed is the log's: for the caller it is all the same. */
static status_t written(const struct process *process, bool is_done)
{
	if (LIKELY(is_done)) {
		return STATUS_OK;
	}
	credentials_refuse(process, "keeps the credentials that it had: they cannot be written");
	return STATUS_EFAULT;
}

/* Of a process whose entry is its own. */
static status_t change(const struct process *process, enum credential_change what, uint64_t a,
		       uint64_t b)
{
	return written(process,
		       entry_of(process) && credential_change(what, process->pid, a, b, 0));
}

/* With ptprot the gate asks, too. */
static bool is_acting(const struct process *process)
{
	return credentials_are_protected() ? acting_entry_of(process) : entry_of(process);
}

/* What cred=plain goes by follows. */
static void follow(struct process *process, unsigned binding)
{
	process->binding = binding & ~(unsigned)BINDING_PROGRAM;
}

status_t credentials_set(struct process *process, uint64_t uid)
{
	if (!credentials_are_protected()) {
		process->uid = (uint32_t)uid;
		return STATUS_OK;
	}
	return written(process, entry_of(process) && credential_set(process->pid, (uint32_t)uid));
}

status_t credentials_grant(struct process *process, uint32_t uid)
{
	const struct credential *entry = entry_of(process);
	status_t status;

	lock_acquire(&identity_lock);
	if (entry && entry->who.granted_uid != 0 && entry->who.granted_uid != uid) {
		lock_release(&identity_lock);
		return STATUS_EPERM;
	}
	status = change(process, CREDENTIAL_GRANT, uid, 0);
	if (status == STATUS_OK) {
		process->uid = uid;
	}
	lock_release(&identity_lock);
	return status;
}

status_t credentials_join(struct process *process, bool is_watched)
{
	status_t status = change(process, CREDENTIAL_JOIN, is_watched, 0);

	if (status == STATUS_OK && is_watched) {
		process->binding |= CREDENTIALS_WATCHED;
	}
	return status;
}

status_t credentials_give(struct process *process, const struct process *parent)
{
	uint32_t uid = parent ? credentials_uid(parent) : 0;
	unsigned binding = parent ? credentials_acting_binding(parent) : 0;
	bool may_have = process->pid <= PID_MAX && (!parent || is_acting(parent));
	status_t status = written(
		process, may_have && credential_change(CREDENTIAL_GIVE, process->pid,
						       parent ? parent->pid : 0, (uint64_t)process,
						       credential_root(process->as).pfn));

	assert(lock_is_held(&process_lock));
	if (status == STATUS_OK) {
		process->uid = uid;
		follow(process, binding);
	}
	return status;
}

status_t credentials_become(struct process *process, const struct archive_entry *program,
			    const struct as *as, uint64_t rsp)
{
	unsigned rule = program_rule_of(program), index;
	status_t status = STATUS_EFAULT;

	if (is_acting(process) && boot_archive_index(program, &index)) {
		status = written(process,
				 entry_of(process) &&
					 credential_change(CREDENTIAL_BECOME, process->pid, index,
							   credential_root(as).pfn, rsp));
	}
	if (status == STATUS_OK && rule) {
		follow(process, (process->binding & CREDENTIALS_WATCHED) | rule);
		process->uid = program_rule(rule)->has_uid ? program_rule(rule)->uid : process->uid;
	}
	return status;
}

/* Its root's frame will be another's. */
status_t credentials_leave(struct process *process)
{
	const struct credential *entry = entry_find(process);

	return !entry ? STATUS_OK
		      : written(process,
				credential_change(CREDENTIAL_LEAVE,
						  (uint32_t)(entry - credential_entries), 0, 0, 0));
}

/* Else another process, at this one's address, could be led back to it. */
status_t credentials_take(struct process *process, uint32_t *pid)
{
	const struct credential *entry = entry_find(process);
	uint32_t found = entry ? (uint32_t)(entry - credential_entries) : 0;
	status_t status;

	assert(lock_is_held(&process_lock));
	status = entry ? written(process, credential_change(CREDENTIAL_TAKE, found, 0, 0, 0))
		       : STATUS_OK;
	if (status == STATUS_OK) {
		*pid = found;
	}
	return status;
}

const struct program_policy *credentials_policy(void)
{
	/* the policy is sealed, and no CPU was in the kernel when it was published */
	return __atomic_load_n(&credential_authority->policy, __ATOMIC_RELAXED);
}

status_t credentials_set_policy(const struct program_policy *next)
{
	if (!policy_set(next->number, process_current()->pid)) {
		return STATUS_EFAULT;
	}
	for (uint32_t pid = credentials_next(0); pid; pid = credentials_next(pid + 1)) {
		follow((struct process *)credential_entries[pid].holder,
		       credential_entries[pid].binding);
	}
	return STATUS_OK;
}

/* The kernel's own threads count as root. */
static bool current_is_root(void)
{
	const struct process *process = process_current();

	return !process || credentials_acting_uid(process) == 0;
}

void credentials_init(void)
{
	enum { ALIGN = sizeof(struct credential) }; /* so that none lies in two pages */
	const struct archive_entry *first = boot_archive_entry(0);
	bool is_name_told = options.authority == authority_off && options.ptprot == ptprot_off;
	const struct pool *pool;
	void *entries, *authority;

	static_assert(offsetof(struct archive_entry, name) == 0, "the gate finds it");
	if (pmalloc_create_pool("credentials", POOL_WR, 0, ALIGN, &pool) ||
	    pmalloc_claim_pool(pool) ||
	    pmalloc_array(pool, PID_MAX + 1, sizeof(struct credential), &entries) ||
	    pzalloc(pool, sizeof(struct authority), &authority) || pmalloc_protect_pool(pool)) {
		panic("no memory for credentials");
	}
	credential_entries = entries;
	credential_authority = authority;
	gate_credentials = (struct gate_credentials){ .entries = entries,
						      .nr_entries = PID_MAX + 1,
						      .authority = authority,
						      .pool = pool,
						      .file_names = first->name,
						      .programs = boot_archive_program(first),
						      .nr_files = boot_archive_count(),
						      .file_bytes = sizeof(*first) };
	gate_credentials.holder_name = is_name_told ? offsetof(struct process, name) : 0;
	frame_alloc_set_root_hook(current_is_root);
}
