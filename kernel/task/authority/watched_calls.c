/* Calls that the witness sees before they are carried out. */
#include "task/authority/watched_calls.h"

#include "arch/x86_64/entry/entry_set.h"
#include "arch/x86_64/entry/upcall.h"
#include "task/authority/program_policy.h"
#include "task/authority/syscall_rows.h"
#include "task/authority/witness.h"
#include "task/process/process.h"

typedef void (*handler)(void);

const struct syscall_table syscall_table_watched = {
	.handlers = { [0 ... SYSCALL_ROWS_MAX - 1] = syscall_watched },
	.rows = {
#define SYSCALL(number, name, nr_arguments) [number] = ROW_##name,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) [number] = ROW_##name,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
	},
};

/* The policy says no, and the table that it was made into says yes. */
static bool is_forbidden(const struct process *process, unsigned row, handler handler)
{
	return row != ROW_NONE && !program_may_call(process, row) && handler != syscall_refused;
}

void upcall_syscall_watched(uint64_t row)
{
	const struct process *process = process_current();
	handler handler = program_table(process)->handlers[row];

	/* a vulnerable call that did not come back to where it ends: by a chain on another stack */
	if (thread_current()->in_vuln) {
		thread_current()->in_vuln = false;
		witness_look_at_sealed(process);
	}
	witness_note(process,
		     is_forbidden(process, (unsigned)row, handler) ? BW_FACT_FORBIDDEN_CALL : 0);
}
