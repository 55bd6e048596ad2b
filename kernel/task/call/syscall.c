/* From a call's number to its handler: the tables that syscall.asm reads. */
#include "task/call/syscall.h"

#include "arch/x86_64/entry/entry_set.h"
#include "core/syscall_table.h"
#include "task/authority/syscall_rows.h"

static int64_t no_such_call(void) { return STATUS_ENOSYS; }

/* A handler has as many parameters as its call has arguments: it is called with six, and does not
 * look at the others. */
typedef void (*handler)(void);

/* syscall.asm calls a handler with RSP at the user's struct regs: the handler's canonical frame
 * address. */
#define SYSCALL(number, name, nr_arguments)
#define SYSCALL_WITH_REGS(number, name, nr_arguments)                                              \
	static __attribute__((optimize("omit-frame-pointer"))) int64_t name##_with_regs(void)      \
	{                                                                                          \
		return sys_##name(__builtin_dwarf_cfa());                                          \
	}
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS

const struct syscall_table syscall_table_all = {
	.handlers = {
		[ROW_NONE] = (handler)no_such_call,
#define SYSCALL(number, name, nr_arguments) [ROW_##name] = (handler)sys_##name,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) [ROW_##name] = (handler)name##_with_regs,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
		[NR_ROWS ... SYSCALL_ROWS_MAX - 1] = (handler)no_such_call,
	},
	.rows = {
#define SYSCALL(number, name, nr_arguments) [number] = ROW_##name,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) [number] = ROW_##name,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
	},
};
