/* In the gate: another policy comes into force, and which rule of it an entry is under. */
#include "lib/string.h"
#include "mm/gate/current/calls.h"
#include "mm/gate/current/credentials.h"

const struct rule_entry *policy_rule(unsigned rule)
{
	unsigned number = rule >> POLICY_SHIFT, index = rule % (1 << POLICY_SHIFT);
	const struct program_policy *policy =
		number < gate_credentials.nr_policies ? gate_credentials.policies[number] : NULL;

	return policy && index && index < policy->nr_entries ? &policy->entries[index] : NULL;
}

unsigned policy_rule_for(const struct program_policy *policy, const char *program)
{
	for (unsigned i = 1; policy && *program && i < policy->nr_entries; i++) {
		if (!strncmp(policy->entries[i].name, program, RULE_NAME_BYTES)) {
			return policy_rule_number(policy, i);
		}
	}
	return 0;
}

unsigned policy_rule_next(const struct program_policy *next, unsigned now, const char *program)
{
	const struct rule_entry *rule = policy_rule(now);
	unsigned found = rule ? policy_rule_for(next, rule->name) : 0;

	if (now && !rule) {
		return now;
	}
	return found ? found : policy_rule_for(next, program);
}

const char *credential_program_name(uint32_t binding)
{
	uint32_t number = (binding & BINDING_PROGRAM) >> BINDING_PROGRAM_SHIFT;
	const char *name = "";

	if (number && number <= gate_credentials.nr_files) {
		name = gate_credentials.file_names + (number - 1) * gate_credentials.file_bytes;
	}
	return path_base_name(name);
}

static uint32_t led_to(const struct program_policy *next, uint32_t binding, const char *program)
{
	return (binding & ~(uint32_t)BINDING_RULE) |
	       policy_rule_next(next, binding & BINDING_RULE, program);
}

uint32_t binding_next(const struct program_policy *next, uint32_t binding)
{
	return led_to(next, binding, credential_program_name(binding));
}

/* What its program is the sealed index of the archive says; with holder_name, its holder. */
static uint32_t entry_next(const struct program_policy *next, const struct credential *entry)
{
	return gate_credentials.holder_name
		       ? led_to(next, entry->binding,
				(const char *)entry->holder + gate_credentials.holder_name)
		       : binding_next(next, entry->binding);
}

bool policy_has_led(const struct program_policy *policy, const struct credential *entry)
{
	return entry_next(policy, entry) == entry->binding;
}

static bool lead_over(const struct credential *entry, const struct program_policy *next)
{
	struct credential value = *entry;

	value.binding = entry_next(next, entry);
	return credential_write(entry, &value);
}

/* One that cannot be written keeps the rule that it had: policy_has_led. */
static void lead_all_over(const struct program_policy *next)
{
	for (uint32_t at = 1; at < gate_credentials.nr_entries; at++) {
		const struct credential *entry = &gate_credentials.entries[at];
		bool is_led = !entry->holder || lead_over(entry, next);

		(void)is_led;
	}
}

static bool is_root(const struct credential *own)
{
	return own && (own->who.uid == 0 || options.cred == cred_plain);
}

/*
 * Which policy, who is current: root. From its one store on the policy is in force: what follows
 * cannot fail while the gate is shut.
 */
uint64_t gate_policy_set(uint64_t number, uint64_t pid, uint64_t unused2, uint64_t unused3)
{
	const struct program_policy *const *published = &gate_credentials.authority->policy, *next;
	uint64_t refusal = GATE_DONE;

	(void)unused2, (void)unused3;
	if (number >= gate_credentials.nr_policies) {
		return GATE_NO_CHANGE;
	}
	next = gate_credentials.policies[number];
	gate_credentials_lock();
	if (gate_is_shut() && !is_root(credential_current(pid))) {
		refusal = GATE_NOT_OURS;
	} else if (!authority_write(published, &next, sizeof(next))) {
		refusal = GATE_NO_FRAME;
	} else {
		lead_all_over(next);
		gate_calls_lead_over(next);
	}
	gate_credentials_unlock();
	return refusal;
}
