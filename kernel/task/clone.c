/* Makes a thread: everything that can fail first. */
#include "task/clone.h"

#include "mm/layout.h"
#include "mm/usercopy.h"
#include "task/process.h"
#include "task/sched.h"

status_t clone_thread(const struct regs *regs, const struct thread_wish *wish, uint32_t *tid)
{
	struct thread *thread;
	status_t status;

	if (wish->has_tls && wish->fs_base >= USER_TOP) {
		return STATUS_EPERM;
	}
	status = thread_create(process_current(), thread_start_user, &thread);
	if (status) {
		return status;
	}
	status = process_reserve_thread(tid);
	if (status) {
		goto destroy_thread;
	}
	if (wish->store_tid.uva) {
		status = store_user_u32(wish->store_tid, *tid);
		if (status) {
			goto unreserve_thread;
		}
	}
	thread_inherit(thread, regs);
	if (wish->rsp) {
		thread_user_regs(thread)->rsp = wish->rsp;
	}
	if (wish->has_tls) {
		thread->fs_base = wish->fs_base;
	}
	thread->clear_child_tid = wish->clear_child_tid;
	process_add_reserved(thread, *tid);
	sched_start(thread);
	return STATUS_OK;

unreserve_thread:
	process_unreserve_thread(*tid);
destroy_thread:
	thread_destroy(thread);
	return status;
}
