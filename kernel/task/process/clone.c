/* Makes a thread: everything that can fail first. */
#include "task/process/clone.h"

#include "mm/as/usercopy.h"
#include "mm/table/layout.h"
#include "task/process/process.h"
#include "task/process/signal.h"
#include "task/sched/sched.h"

const struct clone_args thread_wish_fork = { .end_signal = SIGNAL_CHLD };

status_t thread_wish_check(const struct clone_args *wish)
{
	return wish->has_tls && wish->fs_base >= USER_TOP ? STATUS_EPERM : STATUS_OK;
}

status_t thread_wish_tell(const struct clone_args *wish, uint32_t tid)
{
	return wish->store_tid.uva ? store_user_u32(wish->store_tid, tid) : STATUS_OK;
}

void thread_wish_grant(const struct clone_args *wish, struct thread *thread)
{
	if (wish->rsp) {
		thread_user_regs(thread)->rsp = wish->rsp;
	}
	if (wish->has_tls) {
		thread->fs_base = wish->fs_base;
	}
	thread->clear_child_tid = wish->clear_child_tid;
	thread->store_tid = wish->child_store_tid;
}

status_t clone_thread(const struct regs *regs, const struct clone_args *wish, uint32_t *tid)
{
	struct thread *thread;
	status_t status = thread_wish_check(wish);

	if (status) {
		return status;
	}
	status = thread_create(process_current(), thread_start_user, &thread);
	if (status) {
		return status;
	}
	status = process_reserve_thread(tid);
	if (status) {
		goto destroy_thread;
	}
	status = thread_wish_tell(wish, *tid);
	if (status) {
		goto unreserve_thread;
	}
	thread_inherit(thread, regs);
	thread_wish_grant(wish, thread);
	process_add_reserved(thread, *tid);
	sched_start(thread);
	return STATUS_OK;

unreserve_thread:
	process_unreserve_thread(*tid);
destroy_thread:
	thread_destroy(thread);
	return status;
}
