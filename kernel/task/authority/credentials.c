/* Who a process acts for. */
#include "task/authority/credentials.h"

#include "arch/x86_64/cpu/cr3.h"
#include "core/log.h"
#include "core/options.h"
#include "lib/assert.h"
#include "mm/as/as.h"
#include "mm/table/ptable.h"
#include "task/authority/credential_entry.h"
#include "task/process/boot_archive.h"

enum { LINES_MAX = 16 };

struct lock identity_lock = LOCK_INIT("credentials", RANK_credentials);

/* Any thread may count; a line more or less harms nobody. */
static uint32_t nr_lines;

__attribute__((noinline)) void credentials_refuse(const struct process *process, const char *why)
{
	if (__atomic_fetch_add(&nr_lines, 1, __ATOMIC_RELAXED) < LINES_MAX) {
		log_print("bulwark: credentials: process %u %s\n", process->pid, why);
	}
}

static __attribute__((noinline)) void refuse(const struct process *process)
{
	credentials_refuse(process,
			   "is not who it is led to be (its entry is another's): it counts as "
			   "nobody");
}

pfn_t credential_root(const struct as *as) { return as ? as->root : kernel_root; }

const struct credential *acting_entry_of(const struct process *process)
{
	return entry_with(current_here()->pid, process);
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
	return entry->binding & ~(unsigned)BINDING_PROGRAM;
}

static unsigned rule_of(unsigned binding)
{
	return binding == CREDENTIALS_NO_RULE ? binding : binding & ~CREDENTIALS_WATCHED;
}

uint32_t credentials_uid(const struct process *process)
{
	return credentials_are_protected() ? uid_in(entry_of(process), process) : process->uid;
}

uint32_t credentials_acting_uid(const struct process *process)
{
	return credentials_are_protected() ? uid_in(acting_entry_of(process), process)
					   : process->uid;
}

unsigned credentials_rule(const struct process *process)
{
	return rule_of(credentials_are_protected() ? binding_in(entry_of(process), process)
						   : process->binding);
}

/* Whether the process is watched is told by its entry alone. */
unsigned credentials_acting_binding(const struct process *process)
{
	const struct credential *entry;

	if (credentials_are_protected()) {
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

const struct archive_entry *credentials_program(const struct process *process)
{
	const struct credential *entry = entry_of(process);
	unsigned number = entry ? (entry->binding & BINDING_PROGRAM) >> BINDING_PROGRAM_SHIFT : 0;

	return number ? boot_archive_entry(number - 1) : NULL;
}

uint64_t credentials_address(const struct process *process)
{
	return (uint64_t)&credential_entries[process->pid];
}

const uint32_t *credentials_uid_address(const struct process *process)
{
	return credentials_are_protected() ? &credential_entries[process->pid].who.uid
					   : &process->uid;
}

bool credentials_are_own(const struct process *process) { return entry_of(process) != NULL; }

struct identity credentials_identity(const struct process *process)
{
	const struct credential *entry = entry_of(process);
	struct identity who = { CREDENTIALS_NOBODY, CREDENTIALS_NOBODY };

	lock_acquire(&identity_lock);
	if (entry) {
		who = entry->who;
		who.uid = credentials_are_protected() ? who.uid : process->uid;
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

bool credentials_have_number(const struct process *process, uint32_t number)
{
	assert(lock_is_held(&process_lock));
	return credentials_holder(number) == process;
}

struct process *credentials_holder(uint32_t pid)
{
	assert(lock_is_held(&process_lock));
	return pid <= PID_MAX ? (struct process *)credential_entries[pid].holder : NULL;
}

struct process *credentials_member(uint32_t pid, uint32_t job)
{
	assert(lock_is_held(&process_lock) && pid <= PID_MAX);
	return credential_entries[pid].job == job ? (struct process *)credential_entries[pid].holder
						  : NULL;
}

const struct credential *entry_find(const struct process *process)
{
	const struct credential *entry = entry_of(process);

	for (uint32_t pid = 0; !entry && pid <= PID_MAX; pid++) {
		entry = credential_entries[pid].holder == process ? &credential_entries[pid] : NULL;
	}
	return entry;
}

static bool space_in(const struct credential *entry, struct credential_space *out)
{
	*out = (struct credential_space){ entry->root, entry->family, entry->who.granted_uid };
	return entry->root.pfn != kernel_root.pfn;
}

bool credentials_space_of(const struct process *process, struct credential_space *out)
{
	const struct credential *entry = entry_find(process);

	return entry && space_in(entry, out);
}

bool credentials_space(uint32_t pid, struct credential_space *out)
{
	return pid <= PID_MAX && credential_entries[pid].holder &&
	       space_in(&credential_entries[pid], out);
}

bool credentials_fit(const struct process *process)
{
	const struct credential *entry = entry_of(process);

	return entry && (entry->root.pfn == credential_root(process->as).pfn ||
			 entry->root.pfn == kernel_root.pfn);
}

uint32_t credentials_next(uint32_t from)
{
	while (from <= PID_MAX && !credential_entries[from].holder) {
		from++;
	}
	return from <= PID_MAX ? from : 0;
}
