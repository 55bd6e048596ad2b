/* Which calls a processor serves is written down for itself, whatever ordinary memory says it is.
 */
#include "core/options.h"
#include "ktest.h"
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
