/* From a call's number to its handler: the tables that syscall.asm reads. */
#include "task/syscall.h"

#include "arch/x86_64/entry_set.h"
#include "core/syscall_table.h"
#include "task/syscall_rows.h"

static int64_t no_such_call(void) { return STATUS_ENOSYS; }

/* A handler has as many parameters as its call has arguments: it is called with six, and does not
 * look at the others. */
typedef void (*handler)(void);

const struct syscall_table syscall_table_all = {
	.handlers = {
		[ROW_NONE] = (handler)no_such_call,
#define SYSCALL(number, name, nr_arguments) [ROW_##name] = (handler)sys_##name,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) [ROW_##name] = syscall_with_regs,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
	},
	.rows = {
#define SYSCALL(number, name, nr_arguments) [number] = ROW_##name,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) [number] = ROW_##name,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
	},
};

const handler_with_regs syscall_handlers_with_regs[NR_ROWS] = {
#define SYSCALL(number, name, nr_arguments)
#define SYSCALL_WITH_REGS(number, name, nr_arguments) [ROW_##name] = sys_##name,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
};
