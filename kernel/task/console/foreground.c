/* The process that the console's interrupt key ends. */
#include "task/console/foreground.h"

#include "task/console/console.h"
#include "task/process/signal.h"

static uint32_t foreground_pid; /* one word, read and written whole */

static void interrupt(void)
{
	uint32_t pid = __atomic_load_n(&foreground_pid, __ATOMIC_RELAXED);

	if (pid) {
		signal_interrupt(pid);
	}
}

void foreground_init(void) { console_interrupt_hook = interrupt; }

void foreground_set(uint32_t pid) { __atomic_store_n(&foreground_pid, pid, __ATOMIC_RELAXED); }
