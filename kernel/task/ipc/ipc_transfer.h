/* What a call or a reply carries: words and a page. For ipc.c and ipc_wait.c. */
#pragma once

#include "mm/as/as_grant.h"
#include "task/process/process.h"

/*
 * The registers of a call and of a reply, before and after: words in rsi, rdx, r10, r8, r9, rbx; a
 * page to give in r12, or where one came; in r13 where one may come. 0: none.
 */
static inline void words_copy(struct regs *to, const struct regs *from)
{
	to->rsi = from->rsi;
	to->rdx = from->rdx;
	to->r10 = from->r10;
	to->r8 = from->r8;
	to->r9 = from->r9;
	to->rbx = from->rbx;
	to->r12 = 0;
}

/* Does a call with these registers give a page (r12), or accept one (r13)? */
static inline bool has_page_to_move(const struct regs *regs) { return regs->r12 | regs->r13; }

/* A page may come to `self`, until it is told what came. ENOMEM. */
static inline status_t accept_begin(const struct thread *self)
{
	uva_t place = { thread_user_regs(self)->r13 };

	return place.uva ? as_accept(self->process->as, place) : STATUS_OK;
}
/* The current thread's call is over, with this result: a page that did not come may not come. */
static inline void accept_end(int64_t result)
{
	const struct thread *self = thread_current();
	const struct regs *regs = thread_user_regs(self);

	if (regs->r13 && (result < 0 || !regs->r12)) {
		as_accept_end(self->process->as, (uva_t){ regs->r13 });
	}
}

static inline status_t page_move(const struct thread *to, const struct thread *from)
{
	uva_t page = { thread_user_regs(from)->r12 }, place = { thread_user_regs(to)->r13 };

	return place.uva ? as_grant(from->process->as, page, to->process->as, place)
			 : STATUS_EINVAL;
}

/* Copies what `from` sends to `to`. may_have_page: r12 may name a page. On failure nothing has
 * changed. Caller holds the lock. */
static inline status_t transfer(const struct thread *to, const struct thread *from,
				bool may_have_page)
{
	struct regs *to_regs = thread_user_regs(to);
	const struct regs *from_regs = thread_user_regs(from);
	bool has_page = may_have_page && from_regs->r12;

	if (has_page) {
		status_t status = page_move(to, from);

		if (status) {
			return status;
		}
	}
	words_copy(to_regs, from_regs);
	if (has_page) {
		to_regs->r12 = to_regs->r13;
	}
	return STATUS_OK;
}

/*
 * Ends a thread's wait; it is on no list any more. Caller holds the lock. The state comes last: a
 * thread that was woken for another reason may be gone once it has seen that.
 */
void ipc_finish(struct thread *thread, int64_t result);
/* The call that the thread has comes to an end. Takes the lock of the endpoint it came through. */
void ipc_abandon_caller(struct thread *self);

/* Blocks until the state of the thread, the caller's, is IPC_NONE: the result. EINTR: the thread
 * must end. */
int64_t ipc_wait(struct thread *self);
