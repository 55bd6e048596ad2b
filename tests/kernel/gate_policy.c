/*
 * With ptprot: which policy is in force, and what leads an entry over to another. The suite's
 * process is root's; other processes are led over and back meanwhile.
 */
#include "core/options.h"
#include "core/rendezvous.h"
#include "gate_calls.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/gate/current/calls.h"
#include "mm/pool/pool.h"
#include "mm/table/entry_area.h"
#include "task/authority/credential_entry.h"
#include "task/authority/program_policy.h"
#include "task/process/process.h"

enum { OTHER_UID = 1000, NO_RULE = BINDING_RULE };

/* That of the boot, which is in force, and a stricter one. */
static const struct program_policy *now, *strict;

static const struct credential *own(void) { return &credential_entries[process_current()->pid]; }

static enum gate_refusal put_number(uint64_t number)
{
	return asked_of(GATE_POLICY_SET, number, process_current()->pid, 0, 0);
}
static enum gate_refusal put(const struct program_policy *policy)
{
	return put_number(policy->number);
}

static bool policies_found(void)
{
	for (unsigned i = 0; i < gate_credentials.nr_policies; i++) {
		const struct program_policy *policy = gate_credentials.policies[i];

		now = strcmp(policy->path, POLICY_BOOT_FILE) ? now : policy;
		strict = strcmp(policy->path, "etc/policy-strict") ? strict : policy;
	}
	return now && strict && credential_authority->policy == now &&
	       policy_rule_for(now, "caged") && policy_rule_for(strict, "caged") &&
	       policy_rule_for(now, "servant") && !policy_rule_for(strict, "servant");
}

static void not_told(void)
{
	ktest_ok(put_number(gate_credentials.nr_policies) == GATE_NO_CHANGE &&
			 put_number(UINT64_MAX) == GATE_NO_CHANGE,
		 "no policy comes into force that the boot has not read");
	ktest_ok(put_number((uint64_t)strict) == GATE_NO_CHANGE, "nor one by its address");
	ktest_ok(credential_authority->policy == now, "the one before is in force");
}

static void not_others(void)
{
	struct credential before = *own(), is = before;
	enum gate_refusal refusal;

	if (options.cred == cred_plain) {
		ktest_skip("cred=plain: who is root ordinary memory says");
		return;
	}
	is.who.uid = OTHER_UID;
	FORCE(*(struct credential *)own() = is);
	refusal = put(now);
	FORCE(*(struct credential *)own() = before);
	ktest_ok(refusal == GATE_NOT_OURS, "who is not root puts no policy in force");
	ktest_ok(asked_of(GATE_POLICY_SET, now->number, PID_INIT, 0, 0) == GATE_NOT_OURS &&
			 asked_of(GATE_POLICY_SET, now->number, 0, 0, 0) == GATE_NOT_OURS,
		 "nor in another's name");
}

/* What a policy says stays as the boot has read it. */
static bool is_read_only(const void *object)
{
	uint64_t how = (uint64_t)POOL_WRITE_STORE << 32 | sizeof(uint64_t);
	pfn_t frame = pte_frame(ptable_lookup(kernel_root, (uint64_t)object, NULL));
	const union pool_slot *area = pool_slot(frame_entry(frame)->number, SLOT_AREA);

	return area && frame_entry(frame)->flags & FRAME_SEALED &&
	       asked_of(GATE_POOL_WRITE, (uint64_t)object, *(const uint64_t *)object, how,
			area->area.pool) == GATE_NOT_OURS;
}

static void not_written(void)
{
	const struct rule_entry *entry = &strict->entries[1];

	ktest_ok(is_read_only(strict) && is_read_only(entry) && is_read_only(entry->rule) &&
			 is_read_only(entry->table),
		 "nobody writes to one that is in force nowhere, nor to its rules and tables");
}

/* Which rule the own entry is under, there and back, if it was under that one. */
static void led(unsigned rule, unsigned there, unsigned back, const char *text)
{
	struct credential before = *own(), is = before;
	unsigned found;
	bool is_done;

	is.binding = (is.binding & ~(uint32_t)BINDING_RULE) | rule;
	rendezvous_stop_others();
	FORCE(*(struct credential *)own() = is);
	is_done = put(strict) == GATE_DONE;
	found = own()->binding & BINDING_RULE;
	is_done &= put(now) == GATE_DONE;
	ktest_ok(is_done && found == there && (own()->binding & BINDING_RULE) == back &&
			 !((own()->binding ^ before.binding) & ~(uint32_t)BINDING_RULE),
		 text);
	FORCE(*(struct credential *)own() = before);
	rendezvous_release();
}

static void all_led(void)
{
	unsigned caged = policy_rule_for(now, "caged"), servant = policy_rule_for(now, "servant");
	unsigned tighter = policy_rule_for(strict, "caged");
	unsigned behind = policy_rule_number(now, now->nr_entries);

	led(caged, tighter, caged, "a rule is the one of its name");
	led(tighter, tighter, caged, "whatever policy it is of");
	led(servant, 0, 0, "where there is none of its name, that of the program, if it has one");
	led(0, 0, 0, "who is under none is not, if its program has none");
	led(NO_RULE, NO_RULE, NO_RULE, "whose rule there never was keeps it");
	led(behind, behind, behind, "nor is one behind the last a rule");
}

/* Another processor, which does nothing meanwhile, serves calls by this binding's table. */
static void words_follow(void)
{
	unsigned other = (entry_area_this_cpu() + 1) % nr_cpus;
	unsigned caged = policy_rule_for(now, "caged"), tighter = policy_rule_for(strict, "caged");
	const struct cpu_sealed *sealed =
		(const void *)((uint64_t)gate_calls.sealed + other * gate_calls.sealed_bytes);
	struct current *current = (struct current *)(uint64_t)gate_current(other);
	const struct syscall_table *there, *back;
	uint32_t binding;

	if (options.cred == cred_plain) {
		ktest_skip("cred=plain: each processor is told");
		return;
	}
	rendezvous_stop_others();
	binding = current->binding;
	FORCE(current->binding = caged);
	(void)put(strict);
	there = sealed->syscall_table;
	(void)put(now);
	back = sealed->syscall_table;
	FORCE(current->binding = binding);
	(void)put(now);
	rendezvous_release();
	ktest_ok(there == policy_rule(tighter)->table && back == policy_rule(caged)->table,
		 "the calls of every processor are served by the policy in force at once");
}

KTEST_SUITE(gate_policy)
{
	if (gate_in_force == ptprot_off || options.pmalloc == pmalloc_off || !policies_found()) {
		ktest_skip("there is no gate, or no policy");
		return;
	}
	not_told();
	not_others();
	not_written();
	all_led();
	words_follow();
}
