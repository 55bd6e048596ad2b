/* Ends an attack with all its members. */
#include "task/authority/credentials.h"
#include "task/authority/witness.h"
#include "task/authority/witness_record.h"
#include "task/process/process.h"
#include "task/process/process_end.h"
#include "task/process/signal.h"
#include "task/sched/sched.h"
#include "task/sched/wait.h"

/* For the members of an attack that is being ended. */
static struct wait_queue ended = { WAIT_QUEUE_INIT(ended) };

/* How often a process has ended. Atomic: pairs with the look in await_members. */
static uint64_t nr_ended;

struct members {
	uint32_t job;
	unsigned *nr_alive;
};

/* Kills it if it is a member that still runs. */
static void kill_member(uint32_t pid, struct process *process, const void *argument)
{
	const struct members *members = argument;

	if (credentials_member(pid, members->job) && !process->zombie) {
		(void)process_begin_exit(process, status_of_signal(SIGNAL_KILL), BW_END_KILLED);
		++*members->nr_alive;
	}
}

/* Blocks. How many still ran. The record is closed, so none is born. */
static unsigned end_members(uint32_t job)
{
	unsigned nr_alive = 0;
	uint64_t births;

	(void)process_for_each_in_pieces(kill_member, &(struct members){ job, &nr_alive }, &births);
	return nr_alive;
}

void witness_end_attacks_of(const struct process *process)
{
	uint32_t job;

	while ((job = record_close_of(process->pid)) != 0) {
		(void)end_members(job);
	}
}

void witness_process_ended(void)
{
	assert(lock_is_held(&process_lock));
	__atomic_fetch_add(&nr_ended, 1, __ATOMIC_SEQ_CST);
	wait_wake_all(&ended);
}

/* Blocks until no member is left. EINTR: the caller must end. */
static status_t await_members(uint32_t job, uint32_t *nr_killed)
{
	struct waiter waiter;
	unsigned nr_alive;

	*nr_killed = nr_alive = end_members(job);
	wait_enter(&ended, &waiter);
	while (nr_alive) {
		uint64_t seen = __atomic_load_n(&nr_ended, __ATOMIC_SEQ_CST);

		nr_alive = end_members(job);
		sched_prepare();
		if (!nr_alive || thread_must_exit()) {
			break;
		}
		if (__atomic_load_n(&nr_ended, __ATOMIC_SEQ_CST) == seen) {
			wait_block(&ended);
		}
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
