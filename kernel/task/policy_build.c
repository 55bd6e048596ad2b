/* Builds and seals policies. */
#include "task/policy_build.h"

#include "core/log.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/pmalloc.h"
#include "task/boot_archive.h"
#include "task/policy_tables.h"

/* Rules that allow the same calls share a table. */
static status_t entries_build(const struct pool *pool, const struct policy_rule *rules,
			      unsigned nr_entries, struct rule_entry *entries)
{
	unsigned nr = 1;

	for (const struct policy_rule *rule = rules; rule; rule = rule->next, nr++) {
		status_t status;

		assert(nr < nr_entries);
		memcpy(entries[nr].name, rule->name, sizeof(entries[nr].name));
		entries[nr].has_uid = rule->has_uid;
		entries[nr].uid = rule->uid;
		entries[nr].rule = rule;
		entries[nr].table = &syscall_table_all;
		for (unsigned i = 1; rule->is_bound && i < nr; i++) {
			if (entries[i].rule->is_bound &&
			    syscall_set_equal(&entries[i].rule->calls, &rule->calls)) {
				entries[nr].table = entries[i].table;
			}
		}
		if (rule->is_bound && entries[nr].table == &syscall_table_all) {
			status = policy_table_create(pool, &rule->calls, &entries[nr].table);
			if (status) {
				return status;
			}
		}
	}
	return STATUS_OK;
}

/* All of a policy but its seal. */
static status_t policy_fill(const struct pool *pool, const struct archive_entry *file,
			    const struct program_policy **out, struct policy_error *error)
{
	const struct policy_text text = { (const char *)file->data, file->size_bytes };
	const struct policy_rule *rules;
	struct program_policy *policy;
	unsigned nr_entries = 1;
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
		*policy = (struct program_policy){ pool, file->name, nr_entries, entries };
		*out = policy;
	}
	return status;
}

static void pool_drop(const struct pool *pool)
{
	status_t status = pmalloc_destroy_claimed_pool(pool);

	assert(status == STATUS_OK);
	(void)status;
}

status_t policy_create(const char *path, const struct program_policy **out,
		       struct policy_error *error)
{
	const struct archive_entry *file = boot_archive_find(path);
	const struct pool *pool;
	status_t status;

	if (!file) {
		return STATUS_ENOENT;
	}
	status = pmalloc_create_pool("policy", POOL_RO, 0, 0, &pool);
	if (status) {
		return status;
	}
	status = pmalloc_claim_pool(pool);
	if (status == STATUS_OK) {
		status = policy_fill(pool, file, out, error);
	}
	if (status == STATUS_EINVAL) {
		log_print("bulwark: %s:%u:%u: %s\n", file->name, error->line, error->column,
			  error->message);
	}
	if (status == STATUS_OK) {
		status = pmalloc_protect_pool(pool);
	}
	if (status) {
		pool_drop(pool);
	}
	return status;
}

void policy_destroy(const struct program_policy *policy) { pool_drop(policy->pool); }
