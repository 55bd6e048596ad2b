/* Call, receive and reply. */
#include "task/ipc/ipc.h"

#include "core/poll.h"
#include "lib/assert.h"
#include "task/ipc/ipc_transfer.h"
#include "task/process/process.h"
#include "task/sched/sched_switch.h"

/* How often another thread may undo what was done for a page that is offered. */
enum { TRIES_MAX = 8 };

static struct endpoint *find(const struct process *process, uint64_t handle)
{
	/* pairs with the release in endpoint_create */
	return handle < ENDPOINTS_PER_PROCESS
		       ? __atomic_load_n(&process->endpoints.slots[handle], __ATOMIC_ACQUIRE)
		       : NULL;
}

/* ipc_finish, but the thread is to run here and now. False: it runs elsewhere, or will. */
static inline __attribute__((always_inline)) bool finish_claimed(struct thread *thread,
								 int64_t result)
{
	if (!sched_claim(thread)) {
		ipc_finish(thread, result);
		return false;
	}
	thread->ipc.result = result;
	thread->ipc.state = IPC_NONE;
	return true;
}

/* Caller holds the lock. */
static void bind(struct thread *server, struct thread *client, struct endpoint *endpoint)
{
	assert(lock_is_held(&endpoint->lock));
	client->ipc.state = IPC_AWAITING;
	client->ipc.server = server;
	server->ipc.caller = client;
	server->ipc.served = endpoint;
}

/*
 * Blocks. The result that `finish` left; mostly it is there when the thread that was switched to
 * comes back. The switch leaves no register as it was, so who it is is asked anew.
 */
static inline int64_t wait_until_done(void)
{
	struct thread *self = thread_current();

	/* pairs with the release in ipc_finish */
	return __atomic_load_n(&self->ipc.state, __ATOMIC_ACQUIRE) == IPC_NONE ? self->ipc.result
									       : ipc_wait(self);
}

/* Caller holds the lock. */
static void enqueue(struct endpoint *endpoint, struct thread *self, enum ipc_state state)
{
	assert(lock_is_held(&endpoint->lock));
	self->ipc.endpoint = endpoint;
	self->ipc.state = state;
	list_push_back(state == IPC_CALLING ? &endpoint->callers : &endpoint->receivers,
		       &self->ipc.node);
}

/*
 * Caller holds the lock, which is released. No receiver waits: whoever comes then takes the page
 * that is offered to it. EAGAIN: it has to be offered again.
 */
static __attribute__((noinline)) int64_t call_later(struct endpoint *endpoint, struct thread *self)
{
	uva_t page = { thread_user_regs(self)->r12 };
	int64_t result = 0;

	assert(lock_is_held(&endpoint->lock));
	if ((endpoint->was_served && endpoint->nr_servers == 0) ||
	    endpoint_is_lonely(endpoint, self->process)) {
		result = STATUS_EPIPE;
	} else if (UNLIKELY(page.uva)) {
		result = as_offer(self->process->as, page);
	}
	if (result) {
		lock_release(&endpoint->lock);
		return result;
	}
	enqueue(endpoint, self, IPC_CALLING);
	lock_release(&endpoint->lock);
	result = wait_until_done();
	if (UNLIKELY(page.uva)) {
		as_offer_end(self->process->as, page);
	}
	return result;
}

static inline __attribute__((always_inline)) int64_t call(struct endpoint *endpoint,
							  struct thread *self, bool has_page)
{
	struct thread *server;
	status_t status;

	lock_acquire(&endpoint->lock);
	if (list_is_empty(&endpoint->receivers)) {
		return call_later(endpoint, self);
	}
	server = LIST_ENTRY(endpoint->receivers.next, struct thread, ipc.node);
	status = transfer(server, self, has_page);
	if (status) {
		lock_release(&endpoint->lock);
		return status;
	}
	list_remove(&server->ipc.node);
	self->ipc.endpoint = endpoint;
	bind(server, self, endpoint);
	if (finish_claimed(server, self->process->pid)) {
		lock_release(&endpoint->lock);
		sched_block_to(self, server);
	} else {
		lock_release(&endpoint->lock);
	}
	return wait_until_done();
}

/* EAGAIN: the page has to be offered again. */
static inline __attribute__((always_inline)) int64_t try_call(struct regs *regs, bool has_page)
{
	struct thread *self = thread_current();
	struct endpoint *endpoint = find(self->process, regs->rdi);
	int64_t result;

	self->regs = regs;
	if (!endpoint) {
		return STATUS_EBADF;
	}
	result = has_page ? accept_begin(self) : STATUS_OK;
	if (result) {
		return result;
	}
	result = call(endpoint, self, has_page);
	if (has_page) {
		accept_end(result);
	}
	return result;
}

static __attribute__((noinline)) int64_t call_with_page(struct regs *regs)
{
	int64_t result = STATUS_EAGAIN;

	for (unsigned i = 0; result == STATUS_EAGAIN && i <= TRIES_MAX; i++) {
		result = try_call(regs, true);
		regs = thread_user_regs(thread_current());
	}
	return result == STATUS_EAGAIN ? STATUS_EFAULT : result;
}

int64_t ipc_call(struct regs *regs)
{
	return LIKELY(!has_page_to_move(regs)) ? try_call(regs, false) : call_with_page(regs);
}

/* Caller holds the lock. */
static void start_serving(struct endpoint *endpoint, bool *serves)
{
	assert(lock_is_held(&endpoint->lock));
	*serves = true;
	endpoint->nr_servers++;
	endpoint->was_served = true;
}

/*
 * Caller holds the lock. The pid of the first of the waiting callers whose page, if any, can come;
 * 0: there is none. Blocks: after each one whose page cannot, the lock is free for a moment. EINTR:
 * the thread must end, and leaves the others to other threads.
 */
static __attribute__((noinline)) int64_t take_caller(struct endpoint *endpoint, struct thread *self)
{
	bool must_end = false;

	assert(lock_is_held(&endpoint->lock));
	while (!list_is_empty(&endpoint->callers)) {
		struct list *node = endpoint->callers.next;
		struct thread *client = LIST_ENTRY(node, struct thread, ipc.node);
		status_t status;

		if (must_end) {
			return STATUS_EINTR;
		}
		status = transfer(self, client, true);
		list_remove(node);
		if (status == STATUS_OK) {
			bind(self, client, endpoint);
			return client->process->pid;
		}
		ipc_finish(client, status);
		lock_release(&endpoint->lock);
		must_end = poll_call();
		lock_acquire(&endpoint->lock);
	}
	return 0;
}

/*
 * Caller holds the lock, which is released. `replied`: a thread that sched_claim has given us;
 * NULL: none. Blocks.
 */
static inline __attribute__((always_inline)) int64_t receive(struct endpoint *endpoint,
							     struct thread *self, uint64_t handle,
							     struct thread *replied, bool has_page)
{
	int64_t result = 0;
	bool *serves = &self->process->endpoints.serves[handle];

	assert(lock_is_held(&endpoint->lock));
	if (UNLIKELY(!*serves)) {
		start_serving(endpoint, serves);
	}
	if (!list_is_empty(&endpoint->callers)) {
		if (replied) {
			sched_unclaim(replied);
			replied = NULL;
		}
		result = take_caller(endpoint, self);
	}
	if (result == 0 && endpoint_is_lonely(endpoint, self->process)) {
		result = STATUS_EPIPE;
	}
	if (result) {
		lock_release(&endpoint->lock);
		if (replied) {
			sched_unclaim(replied);
		}
		return result;
	}
	/* without memory no page can come: who gives one is told */
	(void)(has_page && accept_begin(self));
	enqueue(endpoint, self, IPC_RECEIVING);
	lock_release(&endpoint->lock);
	if (replied) {
		sched_block_to(self, replied);
	}
	result = wait_until_done();
	if (has_page) {
		accept_end(result);
	}
	return result;
}

int64_t ipc_receive(struct regs *regs)
{
	struct thread *self = thread_current();
	struct endpoint *endpoint = find(self->process, regs->rdi);

	self->regs = regs;
	if (!endpoint) {
		return STATUS_EBADF;
	}
	if (self->ipc.served) {
		ipc_abandon_caller(self);
	}
	lock_acquire(&endpoint->lock);
	return receive(endpoint, self, regs->rdi, NULL, true);
}

/* Replies through an endpoint that is not the one to receive at next. */
static status_t reply_elsewhere(struct thread *self)
{
	struct endpoint *endpoint = self->ipc.served;
	status_t status = STATUS_OK;

	lock_acquire(&endpoint->lock);
	if (self->ipc.caller) {
		status = transfer(self->ipc.caller, self, true);
		if (status == STATUS_OK) {
			ipc_finish(self->ipc.caller, 0);
			self->ipc.caller = NULL;
		}
	}
	lock_release(&endpoint->lock);
	return status;
}

static inline __attribute__((always_inline)) int64_t reply_receive(struct regs *regs, bool has_page)
{
	struct thread *self = thread_current(), *client;
	struct endpoint *endpoint = find(self->process, regs->rdi);

	self->regs = regs;
	if (!endpoint) {
		return STATUS_EBADF;
	}
	if (UNLIKELY(self->ipc.served && self->ipc.served != endpoint)) {
		status_t status = reply_elsewhere(self);

		if (status) {
			return status;
		}
	}
	lock_acquire(&endpoint->lock);
	client = self->ipc.caller;
	if (client) {
		status_t status = transfer(client, self, has_page);

		if (status) {
			lock_release(&endpoint->lock);
			return status;
		}
		self->ipc.caller = NULL;
		if (!finish_claimed(client, 0)) {
			client = NULL;
		}
	}
	return receive(endpoint, self, regs->rdi, client, has_page);
}

static __attribute__((noinline)) int64_t reply_receive_with_page(struct regs *regs)
{
	return reply_receive(regs, true);
}

int64_t ipc_reply_receive(struct regs *regs)
{
	return LIKELY(!has_page_to_move(regs)) ? reply_receive(regs, false)
					       : reply_receive_with_page(regs);
}
