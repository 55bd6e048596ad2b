/* Who a process acts for. */
#include "task/credentials.h"

#include "core/log.h"
#include "core/options.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "mm/frame_init.h"
#include "mm/pmalloc.h"
#include "task/process.h"

enum { LINES_MAX = 16 };

struct credential {
	const struct process *holder; /* NULL: nobody has this number */
	uint32_t uid;
	uint32_t rule;
};
static_assert(sizeof(struct credential) == 16, "half a megabyte in all");

/* By pid. In a write-rare pool, which nobody else writes to; NULL: cred=plain. */
static RO_AFTER_INIT const struct credential *entries;
static RO_AFTER_INIT const struct pool *pool;

/* Any thread may count; a line more or less harms nobody. */
static uint32_t nr_lines;

static __attribute__((noinline)) void refuse(const struct process *process)
{
	if (__atomic_fetch_add(&nr_lines, 1, __ATOMIC_RELAXED) < LINES_MAX) {
		log_print(
			"bulwark: credentials: the entry that process %u leads to is not its own; "
			"it counts as nobody\n",
			process->pid);
	}
}

/* NULL: it has none that is its own. */
static const struct credential *entry_of(const struct process *process)
{
	uint32_t pid = process->pid;

	return LIKELY(pid <= ID_MAX && entries[pid].holder == process) ? &entries[pid] : NULL;
}

uint32_t credentials_uid(const struct process *process)
{
	const struct credential *entry;

	if (!entries) {
		return process->uid;
	}
	entry = entry_of(process);
	if (!entry) {
		refuse(process);
		return CREDENTIALS_NOBODY;
	}
	return entry->uid;
}

unsigned credentials_rule(const struct process *process)
{
	const struct credential *entry;

	if (!entries) {
		return process->rule;
	}
	entry = entry_of(process);
	if (!entry) {
		refuse(process);
		return CREDENTIALS_NO_RULE;
	}
	return entry->rule;
}

const uint32_t *credentials_uid_place(const struct process *process)
{
	return entries ? &entries[process->pid].uid : &process->uid;
}

void credentials_set(struct process *process, uint64_t uid)
{
	const struct credential *entry;

	if (!entries) {
		process->uid = (uint32_t)uid;
		return;
	}
	entry = entry_of(process);
	if (!entry || wr_assign_in(pool, &entry->uid, (uint32_t)uid)) {
		refuse(process);
	}
}

void credentials_set_rule(struct process *process, unsigned rule)
{
	const struct credential *entry;

	if (!entries) {
		process->rule = rule;
		return;
	}
	entry = entry_of(process);
	if (!entry || wr_assign_in(pool, &entry->rule, rule)) {
		refuse(process);
	}
}

static void entry_write(const struct process *process, const struct credential *value)
{
	status_t status = wr_memcpy_in(pool, &entries[process->pid], value, sizeof(*value));

	if (status) {
		panic("credentials: an entry cannot be written (%d)", status);
	}
}

void credentials_give(struct process *process, const struct process *parent)
{
	struct credential value = { .holder = process };

	assert(lock_is_held(&process_lock));
	if (parent) {
		value.uid = credentials_uid(parent);
		value.rule = credentials_rule(parent);
	}
	if (entries) {
		entry_write(process, &value);
	} else {
		process->uid = value.uid;
		process->rule = value.rule;
	}
}

/* Else another process, at this one's address, could be led back to it. */
void credentials_take(struct process *process)
{
	assert(lock_is_held(&process_lock));
	if (entries && entry_of(process)) {
		entry_write(process, &(struct credential){ .holder = NULL });
	}
}

/* The kernel's own threads count as root. */
static bool current_is_root(void)
{
	const struct process *process = process_current();

	return !process || credentials_uid(process) == 0;
}

static status_t entries_create(void)
{
	void *object;
	status_t status = pmalloc_create_pool("credentials", POOL_WR, 0, 0, &pool);

	if (status == STATUS_OK) {
		status = pmalloc_claim_pool(pool);
	}
	if (status == STATUS_OK) {
		status = pmalloc_array(pool, ID_MAX + 1, sizeof(struct credential), &object);
	}
	if (status == STATUS_OK) {
		status = pmalloc_protect_pool(pool);
	}
	if (status == STATUS_OK) {
		entries = object;
	}
	return status;
}

void credentials_init(void)
{
	if (options.cred == cred_protected && entries_create()) {
		panic("no memory for credentials");
	}
	frame_alloc_set_root_hook(current_is_root);
}
