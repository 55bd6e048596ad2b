/* Signals that end a process. */
#include "task/signal.h"

#include "task/credentials.h"
#include "task/process.h"
#include "task/process_end.h"

bool signal_can_be_ignored(unsigned signal)
{
	return signal != SIGNAL_KILL && signal != SIGNAL_STOP;
}

/* Stopping is not offered, so what would stop a process leaves it alone. */
static bool ignored_by_default(unsigned signal)
{
	return signal == SIGNAL_CHLD || (signal >= SIGNAL_CONT && signal <= SIGNAL_TTOU) ||
	       signal == SIGNAL_URG || signal == SIGNAL_WINCH;
}

/* Caller holds process_lock. */
static void deliver(struct process *process, unsigned signal)
{
	if (!ignored_by_default(signal) && !(process->signals_ignored >> (signal - 1) & 1)) {
		(void)process_begin_exit(process, status_of_signal((int32_t)signal), BW_END_KILLED);
	}
}

/* What is no member must not decide how an attack ends. */
static bool is_of_another_attack(const struct process *process)
{
	struct job job = credentials_job(process);

	return job.is_watched && job.number != credentials_job(process_current()).number;
}

status_t signal_send(uint32_t pid, unsigned signal)
{
	uint32_t uid = credentials_acting_uid(process_current());
	struct process *process;
	status_t status = STATUS_OK;

	if (signal >= NR_SIGNALS) {
		return STATUS_EINVAL;
	}
	lock_acquire(&process_lock);
	process = process_find(pid);
	if (!process) {
		status = STATUS_ESRCH;
	} else if (uid != 0 && (uid != credentials_uid(process) || is_of_another_attack(process))) {
		status = STATUS_EPERM;
	} else if (signal != 0 && pid == PID_INIT) {
		status = STATUS_EPERM;
	} else if (signal != 0) {
		deliver(process, signal);
	}
	lock_release(&process_lock);
	return status;
}

void signal_interrupt(uint32_t pid)
{
	struct process *process;

	lock_acquire(&process_lock);
	process = process_find(pid);
	if (process && pid != PID_INIT) {
		deliver(process, SIGNAL_INT);
	}
	lock_release(&process_lock);
}
