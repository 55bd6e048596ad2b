/* Who a process acts for. */
#include "task/credentials.h"

#include "mm/frame_init.h"
#include "task/process.h"

/* The kernel's own threads count as root. */
static bool current_is_root(void)
{
	const struct process *process = process_current();

	return !process || process->uid == 0;
}

void credentials_init(void) { frame_alloc_set_root_hook(current_is_root); }

void credentials_set(struct process *process, uint64_t uid) { process->uid = (uint32_t)uid; }
