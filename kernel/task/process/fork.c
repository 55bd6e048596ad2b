/* fork and vfork: everything that can fail first, then the child appears. */
#include "mm/as/as.h"
#include "task/process/clone.h"
#include "task/process/process.h"
#include "task/sched/sched.h"

/* A copy of ours, or ours itself: without regs. Where the stack pointer is both go on writing. */
static status_t as_for_child(const struct regs *regs, struct as **out)
{
	struct process *process = process_current();
	struct as *as = process->as;

	if (regs) {
		bool is_alone = __atomic_load_n(&process->nr_threads, __ATOMIC_RELAXED) == 1;

		return as_clone(as, (uva_t){ is_alone ? regs->rsp : 0 }, out);
	}
	as_get(as);
	*out = as;
	return STATUS_OK;
}

static status_t fork_prepare(const struct regs *regs, const struct clone_args *wish,
			     struct process **out, struct thread **out_thread)
{
	struct process *child;
	struct thread *thread;
	status_t status = thread_wish_check(wish);

	if (status == STATUS_OK) {
		status = process_alloc(&child);
	}
	if (status) {
		return status;
	}
	child->end_signal = wish->end_signal;
	status = as_for_child(regs, &child->as);
	if (status) {
		goto free_process;
	}
	status = thread_create(child, thread_start_user, &thread);
	if (status) {
		goto put_as;
	}
	status = process_add(child, process_current());
	if (status) {
		goto destroy_thread;
	}
	*out = child;
	*out_thread = thread;
	return STATUS_OK;

destroy_thread:
	thread_destroy(thread);
put_as:
	as_put(child->as);
	child->as = NULL;
free_process:
	process_free(child);
	return status;
}

static void fork_commit(struct process *child, struct thread *thread, const struct regs *regs,
			const struct clone_args *wish)
{
	endpoints_inherit(child, process_current());
	thread_inherit(thread, regs);
	thread_wish_grant(wish, thread);
	process_add_thread(child, thread);
	sched_start(thread);
}

/* A pid that cannot be stored is returned all the same. */
static void tell(const struct clone_args *wish, uint32_t pid)
{
	if (thread_wish_tell(wish, pid)) {
		return;
	}
}

status_t process_fork(const struct regs *regs, const struct clone_args *wish, uint32_t *pid)
{
	struct process *child;
	struct thread *thread;
	status_t status = fork_prepare(regs, wish, &child, &thread);

	if (status) {
		return status;
	}
	/* the child may end and be reaped by another thread of ours as soon as it runs */
	*pid = child->pid;
	tell(wish, *pid);
	fork_commit(child, thread, regs, wish);
	return STATUS_OK;
}

/* The parent ends before the child has left: nobody is to be woken any more. */
static void vfork_forget(uint32_t pid)
{
	struct process *child;

	lock_acquire(&process_lock);
	child = process_find(pid);
	if (child && child->vfork_parent == thread_current()) {
		child->vfork_parent = NULL;
	}
	lock_release(&process_lock);
}

status_t process_vfork(const struct regs *regs, const struct clone_args *wish, uint32_t *pid)
{
	struct thread *self = thread_current(), *thread;
	struct process *child;
	status_t status = fork_prepare(NULL, wish, &child, &thread);

	if (status) {
		return status;
	}
	*pid = child->pid;
	tell(wish, *pid);
	child->vfork_parent = self;
	self->vfork_done = false;
	fork_commit(child, thread, regs, wish);
	for (;;) {
		sched_prepare();
		/* pairs with process_vfork_release */
		if (__atomic_load_n(&self->vfork_done, __ATOMIC_ACQUIRE)) {
			return STATUS_OK;
		}
		if (thread_must_exit()) {
			vfork_forget(*pid);
			return STATUS_EINTR;
		}
		sched_block();
	}
}

void process_vfork_release(struct process *process)
{
	struct thread *parent;

	lock_acquire(&process_lock);
	parent = process->vfork_parent;
	if (parent) {
		process->vfork_parent = NULL;
		/* pairs with the load in process_vfork */
		__atomic_store_n(&parent->vfork_done, true, __ATOMIC_RELEASE);
		sched_wake(parent);
	}
	lock_release(&process_lock);
}
