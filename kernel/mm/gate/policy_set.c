/* In the gate: another policy comes into force, and which rule of it an entry is under. */
#include "lib/string.h"
#include "mm/gate/credentials.h"
#include "mm/policy.h"
#include "mm/pool.h"

unsigned policy_rule_for(const struct program_policy *policy, const char *program)
{
	for (unsigned i = 1; policy && *program && i < policy->nr_entries; i++) {
		if (!strncmp(policy->entries[i].name, program, RULE_NAME_BYTES)) {
			return i;
		}
	}
	return 0;
}

unsigned policy_rule_next(const struct program_policy *next, const struct program_policy *before,
			  unsigned now, const char *program)
{
	bool is_rule = before && now && now < before->nr_entries;
	unsigned index = is_rule ? policy_rule_for(next, before->entries[now].name) : 0;

	if (now && !is_rule) {
		return now;
	}
	return index ? index : policy_rule_for(next, program);
}

const char *credential_program_name(const struct credential *entry)
{
	uint32_t number = (entry->binding & BINDING_PROGRAM) >> BINDING_PROGRAM_SHIFT;
	const char *name = "";

	if (number && number <= gate_credentials.nr_files) {
		name = gate_credentials.file_names + (number - 1) * gate_credentials.file_bytes;
	}
	return path_base_name(name);
}

/* Only policies lie in pools of this name, by whoever claims them (task/policy_build.c). */
static bool is_policies(const struct pool *pool)
{
	return pool->is_read_only && pool->is_claimed && !strcmp(pool->name, "policy");
}

/* [at, at + len_bytes) lies in sealed pages of one pool for policies. */
static bool is_sealed(const void *at, uint64_t len_bytes, const union pool_slot **pool)
{
	uint64_t start = (uint64_t)at, page = align_down(start, PAGE_SIZE);

	if (policy_view_of(start) != VIEW_POOLS || !len_bytes || len_bytes > POOL_SIZE) {
		return false;
	}
	for (; page < start + len_bytes; page += PAGE_SIZE) {
		const union pool_slot *area, *found;
		pfn_t frame;

		if (!pool_page_find(page, &frame) || !(frame_entry(frame)->flags & FRAME_SEALED)) {
			return false;
		}
		area = pool_slot(frame_entry(frame)->number, SLOT_AREA);
		found = area ? pool_slot(area->area.pool, SLOT_POOL) : NULL;
		if (!found || !is_policies(&found->pool) || (*pool && found != *pool)) {
			return false;
		}
		*pool = found;
	}
	return true;
}

/* What its rules' tables and sets are, nothing in the gate asks. */
static bool is_whole(const struct program_policy *policy)
{
	const union pool_slot *pool = NULL;

	return options.pmalloc == pmalloc_off ||
	       (is_sealed(policy, sizeof(*policy), &pool) && policy->nr_entries <= BINDING_RULE &&
		is_sealed(policy->entries, policy->nr_entries * (uint64_t)sizeof(struct rule_entry),
			  &pool));
}

static bool lead_over(const struct credential *entry, const struct program_policy *next,
		      const struct program_policy *before)
{
	struct credential value = *entry;
	unsigned rule = policy_rule_next(next, before, value.binding & BINDING_RULE,
					 credential_program_name(entry));

	value.binding = (value.binding & ~(uint32_t)BINDING_RULE) | rule;
	return credential_write(entry, &value);
}

/* The policy, who is current: root. As a whole: whoever looks at an entry finds the rules that its
 * number is of. */
uint64_t gate_policy_set(uint64_t policy, uint64_t pid, uint64_t unused2, uint64_t unused3)
{
	const struct authority *authority = gate_credentials.authority;
	const struct program_policy *next = (const struct program_policy *)policy,
				    *before = authority->policy;
	const struct credential *own;
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused2, (void)unused3;
	gate_credentials_lock();
	own = credential_current(pid);
	if (own && (own->who.uid == 0 || options.cred == cred_plain)) {
		refusal = is_whole(next) && authority_write(&authority->policy, &next, sizeof(next))
				  ? GATE_DONE
				  : GATE_NO_CHANGE;
	}
	for (uint32_t at = 1; !refusal && at < gate_credentials.nr_entries; at++) {
		const struct credential *entry = &gate_credentials.entries[at];

		if (entry->holder && !lead_over(entry, next, before)) {
			refusal = GATE_NO_FRAME;
		}
	}
	gate_bindings_forget();
	gate_credentials_unlock();
	return refusal;
}
