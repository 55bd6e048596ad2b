/* Makes and unmakes threads. */
#include "task/thread.h"

#include "arch/x86_64/upcall.h"
#include "lib/assert.h"
#include "mm/kspace.h"
#include "mm/slab.h"
#include "mm/usercopy.h"
#include "task/process.h"
#include "task/process_end.h"
#include "task/sched.h"

static struct slab_cache cache;

void thread_init(void) { slab_cache_init(&cache, "thread", sizeof(struct thread)); }

status_t thread_create(struct process *process, void (*start)(void *thread), struct thread **out)
{
	struct thread *thread;
	void *object;
	status_t status = slab_alloc(&cache, &object);

	if (status) {
		return status;
	}
	thread = object;
	assert(is_aligned((uint64_t)thread->fpu, 64));
	status = kstack_alloc(&thread->stack);
	if (status) {
		slab_free(&cache, thread);
		return status;
	}
	thread->process = process;
	thread->stack_top = thread->stack.va + KSTACK_SIZE;
	thread->saved_rsp = context_prepare(thread->stack_top - sizeof(struct regs), start, thread);
	list_init(&thread->run_node);
	list_init(&thread->process_node);
	fpu_area_init(thread->fpu);
	*out = thread;
	return STATUS_OK;
}

void thread_destroy(struct thread *thread)
{
	kstack_free(thread->stack);
	slab_free(&cache, thread);
}

bool thread_must_exit(void)
{
	const struct thread *thread = thread_current();

	/* pairs with the store in process_begin_exit, which wakes the thread afterwards */
	return thread->exiting ||
	       (thread->process && __atomic_load_n(&thread->process->exiting, __ATOMIC_ACQUIRE));
}

void thread_enter_user(struct regs *regs)
{
	upcall_user_return(regs);
	upcall_kernel_leave();
	user_return(regs);
}

void thread_exit(void)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;

	assert(process);
	thread->in_syscall = false;
	/* memory that is not there, or not writable, is the program's own affair */
	if (thread->clear_child_tid.uva) {
		(void)!store_user_u32(thread->clear_child_tid, 0);
	}
	process_leave(process, thread);
	sched_exit();
}
