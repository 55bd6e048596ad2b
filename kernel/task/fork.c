/* fork: everything that can fail first, then the child appears. */
#include "lib/string.h"
#include "mm/as.h"
#include "task/process.h"
#include "task/sched.h"

static void child_main(void *argument)
{
	struct thread *thread = argument;

	sched_after_switch();
	thread_enter_user(thread_user_regs(thread));
}

/* What the child's thread has in common with the one that forked. */
static void thread_copy(struct thread *child, const struct regs *regs)
{
	const struct thread *thread = thread_current();
	struct regs *child_regs = thread_user_regs(child);

	memcpy(child_regs, regs, sizeof(*regs));
	child_regs->rax = 0;
	child->fs_base = thread->fs_base;
	child->signal_mask = thread->signal_mask;
	fpu_save(child->fpu);
}

static status_t fork_prepare(struct process **out, struct thread **out_thread)
{
	struct process *child;
	struct thread *thread;
	status_t status = process_alloc(&child);

	if (status) {
		return status;
	}
	status = as_clone(process_current()->as, &child->as);
	if (status) {
		goto free_process;
	}
	status = thread_create(child, child_main, &thread);
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

status_t process_fork(const struct regs *regs, uint32_t *pid)
{
	struct process *child;
	struct thread *thread;
	status_t status = fork_prepare(&child, &thread);

	if (status) {
		return status;
	}
	/* the child may end and be reaped by another thread of ours as soon as it runs */
	*pid = child->pid;
	thread_copy(thread, regs);
	process_add_thread(child, thread);
	sched_start(thread);
	return STATUS_OK;
}
