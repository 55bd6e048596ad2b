/* Counts a process's allocations down to the one that fails. */
#include "task/process/fault_injection.h"

#include "core/options.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_init.h"
#include "task/process/process.h"

static bool should_fail(void)
{
	struct process *process = process_current();

	return process && process->fail_countdown && --process->fail_countdown == 0;
}

void fault_injection_init(void)
{
	if (options.ktest == ktest_on) {
		allocation_set_fail_hook(should_fail);
	}
}
