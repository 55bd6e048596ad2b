/* The names of system calls. */
#include "task/authority/syscall_rows.h"

#include "lib/string.h"

static const char *const names[NR_ROWS] = {
	[ROW_NONE] = "none",
#define SYSCALL(number, name, nr_arguments) [ROW_##name] = #name,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) [ROW_##name] = #name,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
};

const char *syscall_name(enum syscall_row row) { return row < NR_ROWS ? names[row] : "none"; }

struct syscall_set syscall_set_all(void)
{
	struct syscall_set all = { 0 };

	for (unsigned row = ROW_NONE + 1; row < NR_ROWS; row++) {
		syscall_set_add(&all, row);
	}
	return all;
}

enum syscall_row syscall_find(const char *name, size_t len_bytes)
{
	for (unsigned row = ROW_NONE + 1; row < NR_ROWS; row++) {
		if (names[row][0] == name[0] && !strncmp(names[row], name, len_bytes) &&
		    !names[row][len_bytes]) {
			return row;
		}
	}
	return ROW_NONE;
}
