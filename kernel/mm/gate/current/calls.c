/*
 * In the gate: which table of system calls serves a processor. The entry code finds it in the
 * processor's sealed page (struct cpu_sealed); it follows from a binding alone, whatever policy is
 * in force, as a rule's number says which policy it is of.
 */
#include "mm/gate/current/calls.h"
#include "core/options.h"
#include "mm/gate/current/credentials.h"
#include "mm/gate/current/half_hw.h"
#include "mm/gate/kernel/stacks.h"

RO_AFTER_INIT struct gate_calls gate_calls;

static const struct syscall_table *table_of_rule(uint32_t binding)
{
	const struct rule_entry *rule = policy_rule(binding & BINDING_RULE);

	if (!(binding & BINDING_RULE)) {
		return gate_calls.all;
	}
	return rule ? rule->table : gate_calls.none;
}

static bool is_watched(uint32_t binding)
{
	return binding & CREDENTIALS_WATCHED && binding != CURRENT_NO_BINDING;
}

static bool word_put(const struct syscall_table *const *word, const struct syscall_table *table)
{
	return *word == table || pool_word_write(gate_calls.pool, word, (uint64_t)table);
}

/* By where its block lies, which its sealed page says. */
static unsigned own_number(void)
{
	return (unsigned)(((uint64_t)current_here() - (uint64_t)gate_current(0)) /
			  (GATE_BLOCK_PAGES * PAGE_SIZE));
}

static const struct cpu_sealed *sealed_of(unsigned cpu)
{
	return (const struct cpu_sealed *)((uint64_t)gate_calls.sealed +
					   cpu * gate_calls.sealed_bytes);
}

/* Of any processor. */
static bool put(unsigned cpu, uint32_t binding)
{
	struct current *current = half_hw_writable(gate_current(cpu));
	const struct cpu_sealed *sealed = sealed_of(cpu);
	const struct syscall_table *table = table_of_rule(binding);
	bool is_done =
		word_put(&sealed->rule_table, table) &&
		word_put(&sealed->syscall_table, is_watched(binding) ? gate_calls.watched : table);

	if (options.cred == cred_protected) {
		__atomic_store_n(&current->binding, is_done ? binding : CURRENT_NO_BINDING,
				 __ATOMIC_RELAXED);
	}
	return is_done;
}

bool gate_calls_follow(const struct credential *entry)
{
	bool is_done = false;

	if (options.cred == cred_protected) {
		gate_credentials_lock();
		is_done = put(own_number(), entry->binding);
		gate_credentials_unlock();
	}
	return is_done;
}

/* A processor that compares its entry with its binding meanwhile, one of them led over and the
 * other not yet, finds them equal only if both are led to the same: no two policies share a number.
 */
void gate_calls_lead_over(const struct program_policy *next)
{
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		uint32_t binding = gate_current(cpu)->binding;
		bool is_done =
			binding == CURRENT_NO_BINDING || put(cpu, binding_next(next, binding));

		(void)is_done;
	}
}

/* With cred=plain: the rule. Else what is told is not asked. */
uint64_t gate_calls_bind(uint64_t told, uint64_t unused1, uint64_t unused2, uint64_t unused3)
{
	const struct credential *entry = credential_of(current_here()->pid);
	uint32_t binding;
	bool is_done;

	(void)unused1, (void)unused2, (void)unused3;
	gate_credentials_lock();
	binding = current_here()->pid == CURRENT_LEFT ? CURRENT_NO_BINDING : entry->binding;
	if (options.cred == cred_plain) {
		binding = (uint32_t)told | (entry->binding & CREDENTIALS_WATCHED);
	}
	is_done = put(own_number(), binding);
	gate_credentials_unlock();
	return is_done ? GATE_DONE : GATE_NO_FRAME;
}
