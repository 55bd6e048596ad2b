/* System calls by row: what a table, or a set of calls, counts by. */
#pragma once

#include "core/syscall_table.h"
#include "lib/string.h"
#include "lib/types.h"

/* Row 0 is for numbers that no call has. */
enum syscall_row {
	ROW_NONE,
#define SYSCALL(number, name, nr_arguments) ROW_##name,
#define SYSCALL_WITH_REGS(number, name, nr_arguments) ROW_##name,
#include "abi/syscalls.def"
#undef SYSCALL
#undef SYSCALL_WITH_REGS
	NR_ROWS,
};
static_assert((int)NR_ROWS < (int)SYSCALL_ROWS_MAX, "struct syscall_table has room for every call");
static_assert((int)SYSCALL_ROWS_MAX == UINT8_MAX + 1, "each byte is a row of struct syscall_table");

enum { SYSCALL_SET_WORDS = SYSCALL_ROWS_MAX / 64 };
static_assert(SYSCALL_SET_WORDS * 64 == SYSCALL_ROWS_MAX, "a bit for each");

/* One bit per row. */
struct syscall_set {
	uint64_t words[SYSCALL_SET_WORDS];
};

static inline bool syscall_set_has(const struct syscall_set *set, unsigned row)
{
	return set->words[row / 64] >> row % 64 & 1;
}

static inline void syscall_set_add(struct syscall_set *set, unsigned row)
{
	set->words[row / 64] |= 1ul << row % 64;
}

static inline bool syscall_set_equal(const struct syscall_set *a, const struct syscall_set *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Every call there is. */
struct syscall_set syscall_set_all(void);

/* Of a row that has a call. */
const char *syscall_name(enum syscall_row row);
/* By len_bytes of a name; ROW_NONE: there is no such call. */
enum syscall_row syscall_find(const char *name, size_t len_bytes);
