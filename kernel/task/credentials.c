/* Who a process acts for. */
#include "task/credentials.h"

#include "arch/x86_64/cr3.h"
#include "core/log.h"
#include "core/options.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as.h"
#include "mm/frame_init.h"
#include "mm/pmalloc.h"
#include "mm/ptable.h"
#include "task/process.h"
#include "task/program_policy.h"

enum { LINES_MAX = 16 };

/* With cred=plain, uid, rule and root are not used. */
struct credential {
	const struct process *holder; /* NULL: the number is not in use */
	struct identity who;
	uint32_t binding; /* the rule, and CREDENTIALS_WATCHED */
	pfn_t root;       /* of its address space; the kernel's own while it has none */
	uint32_t job;
};
static_assert(sizeof(struct credential) == 32, "a megabyte in all");

/* By pid. In a write-rare pool that is claimed. */
static RO_AFTER_INIT const struct credential *entries;
static RO_AFTER_INIT const struct pool *pool;

/* Guards an identity's two halves: who looks at both sees those of one moment. */
static struct lock identity_lock = LOCK_INIT("credentials", RANK_credentials);

static bool are_protected(void) { return options.cred == cred_protected; }

/* Any thread may count; a line more or less harms nobody. */
static uint32_t nr_lines;

static __attribute__((noinline)) void refuse(const struct process *process)
{
	if (__atomic_fetch_add(&nr_lines, 1, __ATOMIC_RELAXED) < LINES_MAX) {
		log_print("bulwark: credentials: process %u is not who it is led to be (its entry "
			  "or its address space is another's): it counts as nobody\n",
			  process->pid);
	}
}

/* NULL: it has none that is its own. */
static const struct credential *entry_of(const struct process *process)
{
	uint32_t pid = process->pid;

	return LIKELY(pid <= ID_MAX && entries[pid].holder == process) ? &entries[pid] : NULL;
}

static pfn_t root_of(const struct as *as) { return as ? as->root : kernel_root; }

/* The same of the current process. */
static const struct credential *acting_entry_of(const struct process *process)
{
	const struct credential *entry = entry_of(process);
	pfn_t loaded = pa_to_pfn(cr3_root(cr3_read()));

	return LIKELY(entry && entry->root.pfn == loaded.pfn) ? entry : NULL;
}

static uint32_t uid_in(const struct credential *entry, const struct process *process)
{
	if (!entry) {
		refuse(process);
		return CREDENTIALS_NOBODY;
	}
	return entry->who.uid;
}

/* CREDENTIALS_NO_RULE is no rule of a watched process either. */
static unsigned binding_in(const struct credential *entry, const struct process *process)
{
	if (!entry) {
		refuse(process);
		return CREDENTIALS_NO_RULE;
	}
	return entry->binding;
}

static unsigned rule_of(unsigned binding)
{
	return binding == CREDENTIALS_NO_RULE ? binding : binding & ~CREDENTIALS_WATCHED;
}

uint32_t credentials_uid(const struct process *process)
{
	return are_protected() ? uid_in(entry_of(process), process) : process->uid;
}

uint32_t credentials_acting_uid(const struct process *process)
{
	return are_protected() ? uid_in(acting_entry_of(process), process) : process->uid;
}

unsigned credentials_rule(const struct process *process)
{
	return rule_of(are_protected() ? binding_in(entry_of(process), process) : process->binding);
}

/* Whether the process is watched is told by its entry alone. */
unsigned credentials_acting_binding(const struct process *process)
{
	const struct credential *entry;

	if (are_protected()) {
		return binding_in(acting_entry_of(process), process);
	}
	entry = entry_of(process);
	return (process->binding & ~CREDENTIALS_WATCHED) |
	       (entry ? entry->binding & CREDENTIALS_WATCHED : CREDENTIALS_WATCHED);
}

unsigned credentials_acting_rule(const struct process *process)
{
	return rule_of(credentials_acting_binding(process));
}

const uint32_t *credentials_uid_place(const struct process *process)
{
	return are_protected() ? &entries[process->pid].who.uid : &process->uid;
}

bool credentials_are_own(const struct process *process) { return entry_of(process) != NULL; }

struct identity credentials_identity(const struct process *process)
{
	const struct credential *entry = entry_of(process);
	struct identity who = { CREDENTIALS_NOBODY, CREDENTIALS_NOBODY };

	lock_acquire(&identity_lock);
	if (entry) {
		who = entry->who;
		who.uid = are_protected() ? who.uid : process->uid;
	}
	lock_release(&identity_lock);
	return who;
}

struct job credentials_job(const struct process *process)
{
	const struct credential *entry = entry_of(process);

	/* what has lost its entry is believed nothing */
	return entry ? (struct job){ entry->job, entry->binding & CREDENTIALS_WATCHED }
		     : (struct job){ .is_watched = true };
}

void credentials_set(struct process *process, uint64_t uid)
{
	const struct credential *entry;

	if (!are_protected()) {
		process->uid = (uint32_t)uid;
		return;
	}
	entry = entry_of(process);
	if (!entry || wr_assign_in(pool, &entry->who.uid, (uint32_t)uid)) {
		refuse(process);
	}
}

status_t credentials_grant(struct process *process, uint32_t uid)
{
	const struct credential *entry = entry_of(process);
	const struct identity who = { uid, uid };
	status_t status = STATUS_EPERM;

	lock_acquire(&identity_lock);
	if (entry && (entry->who.granted_uid == 0 || entry->who.granted_uid == uid)) {
		status = wr_memcpy_in(pool, &entry->who, &who, sizeof(who));
	}
	if (status == STATUS_OK) {
		process->uid = uid;
	}
	lock_release(&identity_lock);
	return status;
}

/* The rule alone: whether the process is watched stays as it is. */
static void binding_write(struct process *process, const struct credential *entry, unsigned binding)
{
	if (!entry || wr_assign_in(pool, &entry->binding, binding)) {
		refuse(process);
		return;
	}
	process->binding = binding;
}

void credentials_set_rule(struct process *process, unsigned rule)
{
	const struct credential *entry = entry_of(process);

	binding_write(process, entry, rule | (entry ? entry->binding & CREDENTIALS_WATCHED : 0));
}

void credentials_join(struct process *process, struct job job)
{
	const struct credential *entry = entry_of(process);
	unsigned rule = credentials_rule(process);

	if (!entry || wr_assign_in(pool, &entry->job, job.number)) {
		refuse(process);
		return;
	}
	binding_write(process, entry, rule | (job.is_watched ? CREDENTIALS_WATCHED : 0));
}

struct process *credentials_holder(uint32_t pid)
{
	assert(lock_is_held(&process_lock));
	return pid <= ID_MAX ? (struct process *)entries[pid].holder : NULL;
}

struct process *credentials_member(uint32_t pid, uint32_t job)
{
	assert(lock_is_held(&process_lock) && pid <= ID_MAX);
	return entries[pid].job == job ? (struct process *)entries[pid].holder : NULL;
}

bool credentials_fit(const struct process *process)
{
	const struct credential *entry = entry_of(process);

	return entry &&
	       (entry->root.pfn == root_of(process->as).pfn || entry->root.pfn == kernel_root.pfn);
}

uint32_t credentials_next(uint32_t from)
{
	while (from <= ID_MAX && !entries[from].holder) {
		from++;
	}
	return from <= ID_MAX ? from : 0;
}

static void entry_write(const struct credential *entry, const struct credential *value)
{
	status_t status = wr_memcpy_in(pool, entry, value, sizeof(*value));

	if (status) {
		panic("credentials: an entry cannot be written (%d)", status);
	}
}

void credentials_give(struct process *process, const struct process *parent)
{
	struct credential value = { .holder = process, .root = root_of(process->as) };
	const struct credential *inherited = parent ? entry_of(parent) : NULL;

	assert(lock_is_held(&process_lock));
	if (parent) {
		value.who = credentials_identity(parent);
		value.binding = credentials_acting_binding(parent);
	}
	if (parent && are_protected() && !acting_entry_of(parent)) {
		value.who.uid = CREDENTIALS_NOBODY;
	}
	if (inherited) {
		value.job = inherited->job;
	}
	entry_write(&entries[process->pid], &value);
	process->uid = value.who.uid;
	process->binding = value.binding;
}

/* A rule's uid, and no other. */
static bool is_of_rule(uint32_t uid, unsigned rule)
{
	const struct policy_rule *found = program_rule(rule);

	return found && found->has_uid && found->uid == uid;
}

void credentials_become(struct process *process, const uint32_t *uid, unsigned rule,
			const struct as *as)
{
	const struct credential *entry =
		are_protected() ? acting_entry_of(process) : entry_of(process);
	struct credential value;

	if (!entry || (uid && !is_of_rule(*uid, rule))) {
		refuse(process);
		return;
	}
	value = *entry;
	value.binding = rule | (entry->binding & CREDENTIALS_WATCHED);
	value.root = root_of(as);
	if (uid) {
		value.who = (struct identity){ *uid, *uid };
		process->uid = *uid;
	}
	process->binding = value.binding;
	entry_write(entry, &value);
}

/* Its root's frame will be another's. */
void credentials_leave(struct process *process)
{
	const struct credential *entry = entry_of(process);

	if (entry && wr_assign_in(pool, &entry->root.pfn, kernel_root.pfn)) {
		refuse(process);
	}
}

/* Else another process, at this one's address, could be led back to it. That which leads to another
 * entry, or to none, still has its own somewhere. */
uint32_t credentials_take(struct process *process)
{
	const struct credential *entry = entry_of(process);

	assert(lock_is_held(&process_lock));
	for (uint32_t pid = 0; !entry && pid <= ID_MAX; pid++) {
		entry = entries[pid].holder == process ? &entries[pid] : NULL;
	}
	if (!entry) {
		return 0;
	}
	entry_write(entry, &(struct credential){ .holder = NULL });
	return (uint32_t)(entry - entries);
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
	entries = object;
	frame_alloc_set_root_hook(current_is_root);
}
