/* Which calls a processor serves, and under which policy, is written down where no lie of ordinary
 * memory leads it astray. */
#include "core/options.h"
#include "ktest.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/gate/gate.h"
#include "mm/ptable.h"
#include "task/credential_entry.h"
#include "task/process.h"
#include "task/program_policy.h"
#include "task/table_in_force.h"
#include "task/watched_calls.h"

static void number_checks(void)
{
	struct cpu *cpu = this_cpu();
	const struct syscall_table *before = table_in_force();
	uint32_t number = cpu->id;
	bool is_own = options.authority == authority_on;

	/* beyond the last: what is written there, where anything is, is nobody's */
	cpu->id = number + 1;
	ktest_ok(table_in_force_set(&syscall_table_watched) == STATUS_OK || !is_own,
		 "a processor with another's number puts a table in force");
	ktest_ok((table_in_force() == &syscall_table_watched) == is_own,
		 is_own ? "which is its own" : "authority=off: which is not its own");
	ktest_ok(table_in_force_set(before) == STATUS_OK || !is_own, "and the one before again");
	cpu->id = number;
	ktest_ok(table_in_force() == before, "which it is served by afterwards");
}

KTEST_SUITE(call_table) { number_checks(); }

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
