/* Builds and seals policies: all in one pool, before the first program runs. */
#include "task/authority/policy_build.h"

#include "core/log.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/pool/pmalloc.h"
#include "task/authority/policy_tables.h"
#include "task/process/boot_archive.h"

#define NOT_READ "policies are the files of " POLICY_FOLDER " that the boot has read"

RO_AFTER_INIT const struct syscall_table *policy_table_of_none;

/* Of rules up to `end` that allow the same calls; NULL: there is none. */
static const struct syscall_table *table_of_alike(const struct rule_entry *entries, unsigned end,
						  const struct policy_rule *rule)
{
	for (unsigned i = 1; i < end; i++) {
		if (entries[i].rule->is_bound &&
		    syscall_set_equal(&entries[i].rule->calls, &rule->calls)) {
			return entries[i].table;
		}
	}
	return NULL;
}

/* Rules that allow the same calls share a table, of whatever policies they are. */
static status_t table_find(const struct pool *pool, const struct rule_entry *entries, unsigned nr,
			   const struct syscall_table **out)
{
	const struct policy_rule *rule = entries[nr].rule;
	const struct syscall_table *table = table_of_alike(entries, nr, rule);

	for (unsigned i = 0; !table && i < gate_credentials.nr_policies; i++) {
		const struct program_policy *policy = gate_credentials.policies[i];

		table = table_of_alike(policy->entries, policy->nr_entries, rule);
	}
	if (!table) {
		return policy_table_create(pool, &rule->calls, out);
	}
	*out = table;
	return STATUS_OK;
}

static status_t entries_build(const struct pool *pool, const struct policy_rule *rules,
			      unsigned nr_entries, struct rule_entry *entries)
{
	status_t status = STATUS_OK;
	unsigned nr = 1;

	for (const struct policy_rule *rule = rules; rule && status == STATUS_OK;
	     rule = rule->next, nr++) {
		assert(nr < nr_entries);
		memcpy(entries[nr].name, rule->name, sizeof(entries[nr].name));
		entries[nr].has_uid = rule->has_uid;
		entries[nr].uid = rule->uid;
		entries[nr].rule = rule;
		entries[nr].table = &syscall_table_all;
		if (rule->is_bound) {
			status = table_find(pool, entries, nr, &entries[nr].table);
		}
	}
	return status;
}

static status_t policy_build(const struct pool *pool, const struct archive_entry *file,
			     struct policy_error *error)
{
	const struct policy_text text = { (const char *)file->data, file->size_bytes };
	unsigned nr_entries = 1, number = gate_credentials.nr_policies;
	const struct policy_rule *rules;
	struct program_policy *policy;
	void *object, *entries;
	status_t status = policy_parse(text, pool, &rules, error);

	if (status) {
		return status;
	}
	for (const struct policy_rule *rule = rules; rule; rule = rule->next) {
		nr_entries++;
	}
	status = pzalloc(pool, sizeof(*policy), &object);
	if (status == STATUS_OK) {
		status = pmalloc_array(pool, nr_entries, sizeof(struct rule_entry), &entries);
	}
	if (status == STATUS_OK) {
		status = entries_build(pool, rules, nr_entries, entries);
	}
	if (status == STATUS_OK) {
		policy = object;
		*policy = (struct program_policy){ file->name, number, nr_entries, entries };
		gate_credentials.policies[number] = policy;
		gate_credentials.nr_policies++;
	}
	return status;
}

static void tell_mistake(const struct archive_entry *file, const struct policy_error *error)
{
	log_print("bulwark: %s:%u:%u: %s\n", file->name, error->line, error->column,
		  error->message);
}

static void policy_read(const struct pool *pool, const struct archive_entry *file)
{
	bool is_full = gate_credentials.nr_policies == POLICIES_MAX;
	struct policy_error error;
	status_t status = is_full ? STATUS_ENOMEM : policy_build(pool, file, &error);

	if (status == STATUS_EINVAL && !strcmp(file->name, POLICY_BOOT_FILE)) {
		tell_mistake(file, &error);
	} else if (status && status != STATUS_EINVAL) {
		log_print("bulwark: no room for the policy %s\n", file->name);
	}
}

static status_t none_create(const struct pool *pool)
{
	struct syscall_set calls = { 0 };

	syscall_set_add(&calls, ROW_exit);
	syscall_set_add(&calls, ROW_exit_group);
	return policy_table_create(pool, &calls, &policy_table_of_none);
}

void policies_read(void)
{
	const struct pool *pool;

	static_assert((int)POLICY_RULES_MAX < 1 << POLICY_SHIFT, "a rule's number has room");
	if (pmalloc_create_pool("policy", POOL_RO, 0, 0, &pool) || pmalloc_claim_pool(pool) ||
	    none_create(pool)) {
		panic("no memory for the policy");
	}
	for (unsigned i = 0; i < boot_archive_count(); i++) {
		const struct archive_entry *file = boot_archive_entry(i);

		if (!strncmp(file->name, POLICY_FOLDER, strlen(POLICY_FOLDER))) {
			policy_read(pool, file);
		}
	}
	if (pmalloc_protect_pool(pool)) {
		panic("the policies cannot be sealed");
	}
}

const struct program_policy *policy_of(const struct archive_entry *file)
{
	for (unsigned i = 0; i < gate_credentials.nr_policies; i++) {
		if (gate_credentials.policies[i]->path == file->name) {
			return gate_credentials.policies[i];
		}
	}
	return NULL;
}

status_t policy_mistake(const struct archive_entry *file, struct policy_error *error)
{
	const struct policy_text text = { (const char *)file->data, file->size_bytes };
	const struct policy_rule *rules;
	const struct pool *pool;
	status_t status = pmalloc_create_pool("no policy", POOL_RO, 0, 0, &pool), dropped;

	if (status) {
		return status;
	}
	status = policy_parse(text, pool, &rules, error);
	dropped = pmalloc_destroy_pool(pool);
	assert(dropped == STATUS_OK);
	(void)dropped;
	if (status == STATUS_OK) {
		*error = (struct policy_error){ .line = 1, .column = 1, .message = NOT_READ };
		status = STATUS_EINVAL;
	}
	if (status == STATUS_EINVAL) {
		tell_mistake(file, error);
	}
	return status;
}
