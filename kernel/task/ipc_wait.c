/* Waits for a partner. */
#include "lib/assert.h"
#include "task/ipc_transfer.h"
#include "task/sched.h"

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

	/* pairs with the release in finish */
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
