/* Programs that several scenarios have. */
#include "programs.h"

#include "task/process/process_end.h"

void kill_process(unsigned number)
{
	struct process *process;

	lock_acquire(&process_lock);
	process = process_find(FIRST_PID + number);
	if (process) {
		(void)process_begin_exit(process, status_of_signal(9), BW_END_KILLED);
	}
	lock_release(&process_lock);
}

void kill_first(void) { CALL(kill_process(0)); }
void kill_second(void) { CALL(kill_process(1)); }
