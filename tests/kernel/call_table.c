/* Which calls a processor serves, and under which policy, is written down where no lie of ordinary
 * memory leads it astray. */
#include "core/options.h"
#include "gate_calls.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/frame/frame.h"
#include "mm/gate/gate.h"
#include "mm/table/ptable.h"
#include "mm/tlb/as_tlb.h"
#include "task/authority/active_syscall_table.h"
#include "task/authority/credential_entry.h"
#include "task/authority/program_policy.h"
#include "task/authority/watched_calls.h"
#include "task/process/process.h"

enum { NO_RULE = BINDING_RULE };

static struct credential *own(void)
{
	return (struct credential *)(uint64_t)&credential_entries[process_current()->pid];
}

/* A rule that binds; 0: there is none. */
static unsigned some_rule(void) { return policy_rule_for(credential_authority->policy, "caged"); }

/* Where the next look of a watched call leads: read where syscall.asm reads it. */
static const struct syscall_table *rule_table(void)
{
	return (const struct syscall_table *)PERCPU_READ(CPU_SEALED_OFFSET - CPU_OFFSET +
							 offsetof(struct cpu_sealed, rule_table));
}

/* By table_after. */
static const struct syscall_table *rule_table_after;

/* While its own entry has this binding: the table after an operation that is told something. */
static const struct syscall_table *table_after(uint32_t binding, enum gate_operation operation,
					       uint64_t told)
{
	struct credential before = *own(), is = before;
	const struct syscall_table *found;

	is.binding = binding;
	FORCE(*own() = is);
	(void)asked_of(operation, told, 0, 0, 0);
	found = active_syscall_table();
	rule_table_after = rule_table();
	FORCE(*own() = before);
	(void)asked_of(GATE_CALLS_BIND, before.binding, 0, 0, 0);
	return found;
}

/* What is told, and what the processor says of itself, is not asked. */
static void derived(void)
{
	unsigned rule = some_rule(), load = SWITCH_LOAD;
	const struct syscall_table *table = policy_rule(rule)->table;
	struct cpu *cpu = this_cpu();
	uint32_t number = cpu->id;

	ktest_ok(table_after(0, GATE_CALLS_BIND, rule) == &syscall_table_all,
		 "who is under no rule makes every call");
	ktest_ok(table_after(rule, GATE_CALLS_BIND, 0) == table,
		 "who is under one those of its rule, whatever is told");
	ktest_ok(table_after(rule | CREDENTIALS_WATCHED, GATE_CALLS_BIND, 0) ==
			 &syscall_table_watched,
		 "who is watched the witness sees");
	ktest_ok(rule_table_after == table, "and behind that its rule alone leads each call on");
	ktest_ok(table_after(NO_RULE, GATE_CALLS_BIND, 0) == policy_table_of_none &&
			 table_after(policy_rule_number(credential_authority->policy,
							credential_authority->policy->nr_entries),
				     GATE_CALLS_BIND, 0) == policy_table_of_none,
		 "who is under a rule that there is not may leave");
	ktest_ok(table_after(rule, GATE_SWITCH_HERE, 0) == table &&
			 table_after(rule, GATE_SWITCH_HERE, load) == table,
		 "whoever begins to use an address space is served as its entry says");
	ktest_ok(table_after(rule, GATE_SWITCH_HERE, SWITCH_TO_KERNEL) == &syscall_table_all,
		 "in none the table stays");
	as_tlb_settle();
	cpu->id = number + 1;
	ktest_ok(table_after(rule, GATE_CALLS_BIND, 0) == table,
		 "a processor with another's number writes its own word");
	cpu->id = number;
	ktest_ok(active_syscall_table() == &syscall_table_all, "which it is served by afterwards");
}

/* Whatever a store has a byte of it say, or the byte behind a number that no call has. */
static bool has_every_row(const struct syscall_table *table)
{
	for (unsigned row = 0; row < SYSCALL_ROWS_MAX; row++) {
		if (!table->handlers[row]) {
			return false;
		}
	}
	return true;
}

static void rows(void)
{
	const struct program_policy *policy = credential_authority->policy;
	bool is_whole = has_every_row(&syscall_table_all) &&
			has_every_row(&syscall_table_watched) &&
			has_every_row(policy_table_of_none);

	for (unsigned i = 1; policy && i < policy->nr_entries; i++) {
		is_whole &= has_every_row(policy->entries[i].table);
	}
	ktest_ok(is_whole, "every row of every table has a handler");
}

static void told(void)
{
	unsigned rule = some_rule();

	ktest_ok(table_after(0, GATE_CALLS_BIND, rule) == policy_rule(rule)->table &&
			 table_after(rule, GATE_CALLS_BIND, 0) == &syscall_table_all,
		 "cred=plain: who a process is is told");
	ktest_ok(table_after(CREDENTIALS_WATCHED, GATE_CALLS_BIND, 0) == &syscall_table_watched,
		 "but whether the witness sees it");
}

KTEST_SUITE(call_table)
{
	rows();
	if (!some_rule() || own()->binding & (BINDING_RULE | CREDENTIALS_WATCHED)) {
		ktest_skip("there is no rule, or this process is under one");
	} else if (options.cred == cred_plain) {
		told();
	} else {
		derived();
	}
}

KTEST_SUITE(policy_publish)
{
	struct policy_error error;
	struct frame_link *link;
	status_t status;
	bool is_kept;

	if (gate_in_force != ptprot_off || options.pmalloc == pmalloc_off) {
		ktest_skip("what the frame says is asked for by write-rare alone, with ptprot=off");
		return;
	}
	link = frame_link(
		pte_frame(ptable_lookup(kernel_root, (uint64_t)credential_authority, NULL)));
	link->prev++;
	status = program_policy_load("etc/policy-strict", &error);
	is_kept = !strcmp(program_policy_path(), POLICY_BOOT_FILE);
	link->prev--;
	ktest_ok(status == STATUS_EIO,
		 "a policy is not in force where that cannot be written down");
	ktest_ok(is_kept, "the one before is");
	ktest_ok(program_policy_load(POLICY_BOOT_FILE, &error) == STATUS_OK, "later it can");
}
