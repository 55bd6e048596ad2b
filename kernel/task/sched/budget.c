/* The meter, which only debug builds read. */
#include "task/sched/budget.h"

#include "arch/x86_64/cpu/rflags.h"
#include "arch/x86_64/entry/upcall.h"
#include "core/log.h"
#include "core/options.h"
#include "core/panic.h"
#include "core/syscall_table.h"
#include "lib/assert.h"
#include "task/authority/syscall_rows.h"
#include "task/sched/thread.h"

enum { LOGGED_LEAST = 20000 };

/* This CPU only. When the piece began; 0: none has. */
static uint64_t began[NR_CPUS_MAX];

/* With budget=log: the longest so far. Whoever is late overwrites it, and tells it once more. */
static uint64_t longest[SYSCALL_ROWS_MAX];

/* Those that the meter cannot hold to it. */
enum how { CONSTANT, PIECES, STOPS };
static const uint8_t budgets[NR_ROWS] = {
#define BUDGET(name, how, what_grows) [ROW_##name] = (how),
#include "task/sched/budgets.def"
#undef BUDGET
};

static unsigned row_of(const struct thread *thread)
{
	return thread && thread->call < NR_SYSCALL_NUMBERS ? syscall_table_all.rows[thread->call]
							   : ROW_NONE;
}

static const char *name_of(unsigned row)
{
	return row == ROW_NONE ? "a trap, or the kernel itself" : syscall_name(row);
}

static void tell(unsigned row, uint64_t ticks)
{
	if (ticks > longest[row] + longest[row] / 16 && ticks >= LOGGED_LEAST) {
		longest[row] = ticks;
		log_print("bulwark: budget: %lu ticks in a row: %s\n", ticks, name_of(row));
	}
}

void budget_end_piece(void)
{
	uint64_t *start = &began[this_cpu()->id], ticks = tsc_read() - *start;
	unsigned row;

	if (options.budget == budget_off || *start == 0) {
		return;
	}
	row = row_of(thread_current());
	if (budgets[row] == STOPS) {
		return;
	}
	if (options.budget == budget_log) {
		tell(row, ticks);
	} else if (ticks > BUDGET_TICKS) {
		panic("budget: %lu ticks in a row, %lu are allowed: %s", ticks, BUDGET_TICKS,
		      name_of(row));
	}
}

void budget_begin_piece(void) { began[this_cpu()->id] = tsc_read(); }

void upcall_budget_call(uint64_t number)
{
	assert(rflags_are_clean());
	thread_current()->call = (uint32_t)number;
	budget_begin_piece();
}

void upcall_budget_trap(void)
{
	thread_current()->call = NR_SYSCALL_NUMBERS;
	budget_begin_piece();
}

void upcall_budget_interrupt(void) { budget_begin_piece(); }

void upcall_budget_leave(void) { budget_end_piece(); }
