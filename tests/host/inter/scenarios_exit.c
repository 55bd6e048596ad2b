/* Exit, execve, wait4, vfork, and signals that are blocked. */
#include "programs.h"
#include "task/ipc/futex.h"
#include "task/process/clone.h"
#include "task/process/process_end.h"
#include "task/process/signal.h"

static void leave(void) {}
static void leave_all(void) { CALL((void)process_exit(0, BW_END_EXIT)); }

static void wait_once(void)
{
	struct child_wish any = { .kinds = CHILDREN_ALL };
	struct child_end end = { 0 };
	status_t status = process_wait(&any, 0, &end);

	EXPECT((status == STATUS_OK && end.pid > FIRST_PID) || status == STATUS_ECHILD ||
	       is_ended(status));
}

static void wait_child(void) { CALL(wait_once()); }
static void wait_children(void)
{
	wait_child();
	wait_child();
}

static void sleep_for_ever(void)
{
	CALL(EXPECT(is_ended((status_t)futex_wait(user_at(0), FUTEX_THREADS, 0, FUTEX_ALL_BITS,
						  FUTEX_NO_DEADLINE))));
}

/* As execve does; the one who is left goes on. */
static void end_others(void)
{
	status_t status;

	user_step();
	status = process_end_others();
	EXPECT(status == STATUS_EINTR || process_current()->nr_threads == 1);
	call_end();
}

static void vfork(void)
{
	struct clone_args wish = thread_wish_fork;
	uint32_t pid;
	status_t status;

	user_step();
	status = process_vfork(thread_user_regs(thread_current()), &wish, &pid);
	EXPECT(status == STATUS_OK || is_ended(status) ||
	       (status == STATUS_EAGAIN && thread_must_exit()));
	call_end();
}

/* --- signals --- */

enum { SIGNAL_TERM = 15 };

static void unblock(void)
{
	CALL(signal_set_mask(signal_bit(SIGNAL_TERM)));
	CALL(signal_set_mask(0));
	user_wait();
}

static void send_first(void)
{
	user_step();
	if (signal_send(SIGNAL_PROCESS, FIRST_PID, SIGNAL_TERM)) {
		sim_fail("a signal was not sent");
	}
	call_end();
}

const struct scenario scenarios_exit[] = {
	{ .name = "exit, wait4",
	  .programs = { wait_child, leave },
	  .process = { 0, 1 },
	  .is_family = true,
	  .nr_cpus = 2 },
	{ .name = "exit of two, wait4",
	  .programs = { wait_children, leave, leave },
	  .process = { 0, 1, 2 },
	  .is_family = true,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "exit of two threads, wait4",
	  .programs = { wait_child, leave, leave },
	  .process = { 0, 1, 1 },
	  .is_family = true,
	  .nr_cpus = 2 },
	{ .name = "exit, two wait4",
	  .programs = { wait_child, wait_child, leave },
	  .process = { 0, 0, 1 },
	  .is_family = true,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "exit, wait4, kill of the parent",
	  .programs = { wait_child, leave, kill_first },
	  .process = { 0, 1, 2 },
	  .is_family = true,
	  .nr_cpus = 2 },
	{ .name = "exit, wait4, kill of the parent, on three CPUs",
	  .programs = { wait_child, leave, kill_first },
	  .process = { 0, 1, 2 },
	  .is_family = true,
	  .nr_cpus = 3,
	  .is_long = true },
	{ .name = "wait4, kill of the child",
	  .programs = { wait_child, sleep_for_ever, kill_second },
	  .process = { 0, 1, 2 },
	  .is_family = true,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "exit of parent and child",
	  .programs = { leave, leave },
	  .process = { 0, 1 },
	  .is_family = true,
	  .nr_cpus = 2 },
	{ .name = "exit_group, two sleep",
	  .programs = { sleep_for_ever, leave_all, sleep_for_ever },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "exit_group, user mode", .programs = { user_wait, leave_all }, .nr_cpus = 2 },
	{ .name = "exit_group, exit_group", .programs = { leave_all, leave_all }, .nr_cpus = 2 },
	{ .name = "execve, others sleep",
	  .programs = { end_others, sleep_for_ever },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "execve, execve",
	  .programs = { end_others, end_others },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "execve, user mode, exit",
	  .programs = { end_others, user_wait, leave },
	  .nr_cpus = 2 },
	{ .name = "execve, others sleep, kill",
	  .programs = { end_others, sleep_for_ever, kill_first },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "vfork", .programs = { vfork }, .nr_cpus = 2 },
	{ .name = "vfork, kill",
	  .programs = { vfork, kill_first },
	  .process = { 0, 1 },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "signal that is unblocked",
	  .programs = { unblock, send_first },
	  .process = { 0, 1 },
	  .nr_cpus = 2 },
	{ .name = "signal that one of two threads unblocks",
	  .programs = { unblock, unblock, send_first },
	  .process = { 0, 0, 1 },
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = NULL },
};
