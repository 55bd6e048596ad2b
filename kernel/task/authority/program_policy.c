/* Which policy is in force, and which rule a process is under. */
#include "task/authority/program_policy.h"

#include "core/log.h"
#include "core/panic.h"
#include "core/rendezvous.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/gate/current/credential.h"
#include "mm/pool/pmalloc.h"
#include "task/authority/active_syscall_table.h"
#include "task/authority/credential_entry.h"
#include "task/authority/policy_build.h"
#include "task/authority/watched_calls.h"
#include "task/authority/witness.h"
#include "task/process/boot_archive.h"
#include "task/process/process.h"
#include "task/process/process_end.h"

/* The exit code of a thread whose calls would be looked up in another's table. */
enum { EXIT_UNSERVED = 137 };

const struct policy_rule *program_rule(unsigned number)
{
	const struct rule_entry *entry = policy_rule(number);

	return entry ? entry->rule : NULL;
}

const struct policy_rule *program_rule_nth(uint64_t index)
{
	const struct program_policy *policy = credentials_policy();

	return policy && index < policy->nr_entries - 1 ? policy->entries[index + 1].rule : NULL;
}

void program_check_table(const struct process *process)
{
	if (credentials_job(process).is_watched &&
	    active_syscall_table() != &syscall_table_watched) {
		witness_note(process, BW_FACT_FORBIDDEN_CALL);
	}
}

const struct syscall_table *program_table(const struct process *process)
{
	unsigned number = credentials_acting_rule(process);
	const struct rule_entry *entry = policy_rule(number);

	if (LIKELY(!number)) {
		return &syscall_table_all;
	}
	return entry ? entry->table : policy_table_of_none;
}

bool program_may_call(const struct process *process, unsigned row)
{
	unsigned index = credentials_acting_rule(process);
	const struct policy_rule *rule;

	/* who is under none should not be under its program's either */
	if (!index) {
		index = program_rule_of(credentials_program(process));
	}
	rule = program_rule(index);
	return !rule || !rule->is_bound || syscall_set_has(&rule->calls, row);
}

void program_bind(const struct process *process)
{
	if (!calls_bind(credentials_acting_binding(process))) {
		thread_end(EXIT_UNSERVED);
	}
}

unsigned program_rule_of(const struct archive_entry *file)
{
	return file ? policy_rule_for(credentials_policy(), path_base_name(file->name)) : 0;
}

const char *program_policy_path(void)
{
	const struct program_policy *policy = credentials_policy();

	return policy ? policy->path : "";
}

/* While the others are stopped: who could not be led over ends, as it is not under the policy in
 * force. */
static void end_those_left(const struct program_policy *policy)
{
	lock_acquire(&process_lock);
	for (uint32_t pid = credentials_next(0); pid; pid = credentials_next(pid + 1)) {
		if (!policy_has_led(policy, &credential_entries[pid])) {
			(void)process_begin_insecure_end(credentials_holder(pid));
		}
	}
	lock_release(&process_lock);
}

static void table_of_current(void)
{
	if (process_current()) {
		program_bind(process_current());
	}
}

/* On every CPU at once. EIO: it cannot be written down, and nothing has changed. */
static status_t put_in_force(const struct program_policy *policy)
{
	status_t status;

	rendezvous_stop_others();
	status = credentials_set_policy(policy) ? STATUS_EIO : STATUS_OK;
	if (status == STATUS_OK) {
		end_those_left(policy);
		rendezvous_run(table_of_current);
	}
	rendezvous_release();
	log_print(status ? "bulwark: policy: %s cannot be put in force\n"
			 : "bulwark: policy: %s, rules for %u programs\n",
		  policy->path, policy->nr_entries - 1);
	return status;
}

status_t program_policy_load(const char *path, struct policy_error *error)
{
	const struct archive_entry *file = boot_archive_find(path);
	const struct program_policy *policy;

	if (!file) {
		return STATUS_ENOENT;
	}
	policy = policy_of(file);
	return policy ? put_in_force(policy) : policy_mistake(file, error);
}

void program_policy_init(void)
{
	const struct archive_entry *file = boot_archive_find(POLICY_BOOT_FILE);
	const struct program_policy *policy;

	policies_read();
	policy = file ? policy_of(file) : NULL;
	if (!policy) {
		log_print("bulwark: no policy in force: programs may make every call (%s)\n",
			  file ? "it cannot be read, see above" : "there is no " POLICY_BOOT_FILE);
		return;
	}
	if (wr_assign_in(gate_credentials.pool, &credential_authority->policy, policy)) {
		panic("the policy cannot be published");
	}
	log_print("bulwark: policy: " POLICY_BOOT_FILE ", rules for %u programs\n",
		  policy->nr_entries - 1);
}
