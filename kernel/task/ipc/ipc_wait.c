/* Waiting for a partner, and the end of that. */
#include "task/ipc/ipc.h"

#include "lib/assert.h"
#include "task/ipc/ipc_transfer.h"
#include "task/sched/sched.h"

void ipc_finish(struct thread *thread, int64_t result)
{
	assert(lock_is_held(&thread->ipc.endpoint->lock));
	sched_wake(thread);
	thread->ipc.result = result;
	/* pairs with the loads in wait_until_done and ipc_wait */
	__atomic_store_n(&thread->ipc.state, IPC_NONE, __ATOMIC_RELEASE);
}

void ipc_fail(struct thread *thread)
{
	assert(lock_is_held(&thread->ipc.endpoint->lock));
	list_remove(&thread->ipc.node);
	ipc_finish(thread, STATUS_EPIPE);
}

void ipc_abandon_caller(struct thread *self)
{
	struct endpoint *endpoint = self->ipc.served;

	lock_acquire(&endpoint->lock);
	if (self->ipc.caller) {
		ipc_finish(self->ipc.caller, STATUS_EPIPE);
		self->ipc.caller = NULL;
	}
	lock_release(&endpoint->lock);
}

void ipc_thread_exit(struct thread *thread)
{
	if (thread->ipc.served) {
		ipc_abandon_caller(thread);
	}
}

/* The thread must end: nobody is to find it. Caller holds the lock. */
static void withdraw(struct thread *thread)
{
	assert(lock_is_held(&thread->ipc.endpoint->lock));
	if (thread->ipc.state == IPC_AWAITING) {
		thread->ipc.server->ipc.caller = NULL;
	} else {
		list_remove(&thread->ipc.node);
	}
	thread->ipc.result = STATUS_EINTR;
	thread->ipc.state = IPC_NONE;
}

int64_t ipc_wait(struct thread *self)
{
	struct endpoint *endpoint = self->ipc.endpoint;

	/* pairs with the release in ipc_finish */
	while (__atomic_load_n(&self->ipc.state, __ATOMIC_ACQUIRE) != IPC_NONE) {
		bool is_done;

		sched_prepare();
		lock_acquire(&endpoint->lock);
		is_done = self->ipc.state == IPC_NONE;
		if (!is_done && thread_must_exit()) {
			withdraw(self);
			is_done = true;
		}
		lock_release(&endpoint->lock);
		if (!is_done) {
			sched_block();
		}
	}
	return self->ipc.result;
}
