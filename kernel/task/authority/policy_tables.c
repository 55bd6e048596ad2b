/* Tables with refusals in them, and what a refused call does. */
#include "task/authority/policy_tables.h"

#include "arch/x86_64/entry/entry_set.h"
#include "arch/x86_64/entry/upcall.h"
#include "core/cpu.h"
#include "core/log.h"
#include "mm/pool/pmalloc.h"
#include "task/authority/credentials.h"
#include "task/process/process.h"

/* Of one process, since its last execve: whoever tries on must not drown the rest. */
enum { LINES_MAX = 8 };

typedef void (*handler)(void);

status_t policy_table_create(const struct pool *pool, const struct syscall_set *allowed,
			     const struct syscall_table **out)
{
	struct syscall_table *table;
	void *object;
	status_t status = pmalloc(pool, sizeof(*table), &object);

	if (status) {
		return status;
	}
	table = object;
	*table = syscall_table_all;
	for (unsigned row = ROW_NONE + 1; row < NR_ROWS; row++) {
		if (!syscall_set_has(allowed, row)) {
			table->handlers[row] = (handler)syscall_refused;
		}
	}
	*out = table;
	return STATUS_OK;
}

int64_t upcall_syscall_refused(uint64_t row)
{
	struct process *process = process_current();
	uint32_t nr = __atomic_add_fetch(&process->calls_refused, 1, __ATOMIC_RELAXED);

	COUNT(policy_refused);
	if (nr <= LINES_MAX) {
		log_print("bulwark: policy: %s (pid %u, uid %u) may not call %s%s\n", process->name,
			  process->pid, credentials_uid(process), syscall_name(row),
			  nr == LINES_MAX ? "; no more lines for this process" : "");
	}
	return STATUS_EPERM;
}
