/* Which policy is in force, and which rule a process is under. */
#include "task/program_policy.h"

#include "core/cpu.h"
#include "core/log.h"
#include "core/options.h"
#include "core/panic.h"
#include "core/rendezvous.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/gate/gate.h"
#include "mm/gate/switch.h"
#include "mm/pmalloc.h"
#include "task/boot_archive.h"
#include "task/credentials.h"
#include "task/policy_build.h"
#include "task/policy_tables.h"
#include "task/process.h"
#include "task/process_end.h"
#include "task/table_in_force.h"
#include "task/watched_calls.h"
#include "task/witness.h"

/* The exit code of a thread whose calls would be looked up in another's table. */
enum { EXIT_UNSERVED = 137 };

/* Of processes that claim a rule which there is not: they may leave. */
static RO_AFTER_INIT const struct syscall_table *table_of_none;

static const struct policy_rule *rule_at(const struct program_policy *policy, unsigned index)
{
	return policy && index && index < policy->nr_entries ? policy->entries[index].rule : NULL;
}

const struct policy_rule *program_rule(unsigned index)
{
	return rule_at(credentials_policy(), index);
}

static const struct syscall_table *table_of(unsigned index)
{
	const struct program_policy *policy;

	if (LIKELY(!index)) {
		return &syscall_table_all;
	}
	policy = credentials_policy();
	return policy && index < policy->nr_entries ? policy->entries[index].table : table_of_none;
}

void program_check_table(const struct process *process)
{
	if (credentials_job(process).is_watched && table_in_force() != &syscall_table_watched) {
		witness_note(process, BW_FACT_FORBIDDEN_CALL);
	}
}

const struct syscall_table *program_table(const struct process *process)
{
	return table_of(credentials_acting_rule(process));
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
	unsigned binding = credentials_acting_binding(process);
	const struct syscall_table *table;

	if (UNLIKELY(binding & CREDENTIALS_WATCHED) && binding != CREDENTIALS_NO_RULE) {
		table = &syscall_table_watched;
	} else {
		table = table_of(binding);
	}
	if (UNLIKELY(table != table_in_force()) && table_in_force_set(table)) {
		thread_end(EXIT_UNSERVED);
	}
	stack_note_binding();
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

/* Of its program, as the sealed index of the archive has it. With authority=off what it calls
 * itself in ordinary memory. */
static const char *program_name(const struct process *process)
{
	const struct archive_entry *file = credentials_program(process);

	if (options.authority == authority_off) {
		return process->name;
	}
	return file ? path_base_name(file->name) : "";
}

/*
 * With ptprot=off, while the others are stopped. All that have credentials, whether they are on a
 * list or not; who cannot be led over ends, as its number stands for another's rule from now on.
 */
static void lead_all_over(const struct program_policy *next, const struct program_policy *before)
{
	lock_acquire(&process_lock);
	for (uint32_t pid = credentials_next(0); pid; pid = credentials_next(pid + 1)) {
		struct process *process = credentials_holder(pid);
		unsigned rule = policy_rule_next(next, before, credentials_rule(process),
						 program_name(process));

		if (credentials_set_rule(process, rule)) {
			(void)process_begin_insecure_end(process);
		}
	}
	lock_release(&process_lock);
}

static status_t publish(const struct program_policy *next)
{
	return credentials_set_policy(next) ? STATUS_EIO : STATUS_OK;
}

static void table_of_current(void)
{
	if (process_current()) {
		program_bind(process_current());
	}
}

/* Puts a policy in force, on every CPU at once; the one before is in use nowhere afterwards. EIO:
 * it cannot be published, and nothing has changed. */
static status_t policy_swap(const struct program_policy *next, const struct program_policy **before)
{
	status_t status;

	rendezvous_stop_others();
	*before = credentials_policy();
	status = publish(next);
	if (status == STATUS_OK) {
		if (gate_in_force == ptprot_off) {
			lead_all_over(next, *before);
		}
		rendezvous_run(table_of_current);
	}
	rendezvous_release();
	return status;
}

status_t program_policy_load(const char *path, struct policy_error *error)
{
	const struct program_policy *next, *before;
	status_t status = policy_create(path, &next, error);

	if (status) {
		return status;
	}
	status = policy_swap(next, &before);
	if (status) {
		log_print("bulwark: policy: %s cannot be put in force\n", next->path);
		policy_destroy(next);
		return status;
	}
	log_print("bulwark: policy: %s, rules for %u programs\n", next->path, next->nr_entries - 1);
	if (before) {
		policy_destroy(before);
	}
	return STATUS_OK;
}

static status_t none_create(void)
{
	struct syscall_set calls = { 0 };
	const struct pool *pool;
	status_t status = pmalloc_create_pool("policy of none", POOL_RO, 0, 0, &pool);

	syscall_set_add(&calls, ROW_exit);
	syscall_set_add(&calls, ROW_exit_group);
	if (status == STATUS_OK) {
		status = pmalloc_claim_pool(pool);
	}
	if (status == STATUS_OK) {
		status = policy_table_create(pool, &calls, &table_of_none);
	}
	return status ? status : pmalloc_protect_pool(pool);
}

void program_policy_init(void)
{
	const struct program_policy *policy;
	struct policy_error error;
	status_t status;

	if (none_create()) {
		panic("no memory for the policy");
	}
	status = policy_create(POLICY_BOOT_FILE, &policy, &error);
	if (status) {
		log_print("bulwark: no policy in force: programs may make every call (%s)\n",
			  status == STATUS_ENOENT   ? "there is no " POLICY_BOOT_FILE
			  : status == STATUS_EINVAL ? "it is broken, see above"
						    : "no memory");
		return;
	}
	if (publish(policy)) {
		panic("the policy cannot be published");
	}
	log_print("bulwark: policy: " POLICY_BOOT_FILE ", rules for %u programs\n",
		  policy->nr_entries - 1);
}
