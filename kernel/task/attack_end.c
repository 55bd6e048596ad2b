/* Ends an attack with all its members. */
#include "task/credentials.h"
#include "task/process.h"
#include "task/process_end.h"
#include "task/sched.h"
#include "task/signal.h"
#include "task/wait.h"
#include "task/witness.h"
#include "task/witness_record.h"

/* For the members of an attack that is being ended. */
static struct wait_queue ended = { WAIT_QUEUE_INIT(ended) };

void witness_process_ended(const struct process *process)
{
	if (witness_is_ending(process)) {
		wait_wake_all(&ended);
	}
}

/* Kills what still runs of a job. How many that are. */
static unsigned kill_members(uint32_t job)
{
	unsigned nr_alive = 0;

	lock_acquire(&process_lock);
	for (uint32_t pid = PID_INIT; pid <= ID_MAX; pid++) {
		struct process *process = credentials_member(pid, job);

		if (process && !process->zombie) {
			(void)process_begin_exit(process, status_of_signal(SIGNAL_KILL),
						 BW_END_KILLED);
			nr_alive++;
		}
	}
	lock_release(&process_lock);
	return nr_alive;
}

/* Blocks until no member is left. EINTR: the caller must end. */
static status_t await_members(uint32_t job, uint32_t *nr_killed)
{
	struct waiter waiter;
	unsigned nr_alive;

	*nr_killed = nr_alive = kill_members(job);
	wait_enter(&ended, &waiter);
	while (nr_alive) {
		sched_prepare();
		nr_alive = kill_members(job);
		if (!nr_alive || thread_must_exit()) {
			break;
		}
		sched_block();
	}
	wait_leave(&ended, &waiter);
	return nr_alive ? STATUS_EINTR : STATUS_OK;
}

status_t witness_end_attack(uint32_t pid, struct bw_attack *out)
{
	uint32_t job = record_close(pid);
	status_t status;

	if (!job) {
		return STATUS_ESRCH;
	}
	*out = (struct bw_attack){ 0 };
	status = await_members(job, &out->nr_killed);
	if (status == STATUS_OK) {
		record_take(job, out);
	}
	return status;
}
