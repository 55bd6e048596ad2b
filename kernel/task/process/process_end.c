/*
 * Exit: the last thread takes the process down, and leaves a zombie that knows how it came to be
 * one.
 */
#include "task/process/process_end.h"

#include "core/panic.h"
#include "core/poll.h"
#include "lib/assert.h"
#include "mm/as/as.h"
#include "task/authority/credentials.h"
#include "task/authority/program_policy.h"
#include "task/authority/witness.h"
#include "task/process/process.h"
#include "task/process/signal.h"
#include "task/sched/run_time.h"
#include "task/sched/sched.h"

/* Told by whoever makes the process end, and by each thread that leaves. */
enum { TOLD_FIRST = 8, TOLD_EACH = 2 };

enum { ORPHANS_PER_PIECE = 64 };

/*
 * Caller holds process_lock. Tells up to nr threads that they must end. However many there are,
 * nobody tells them all: each one that leaves tells two more. Those that were told are at the end
 * of the list.
 */
static void tell_threads(struct process *process, unsigned nr)
{
	assert(lock_is_held(&process_lock));
	for (; nr && !list_is_empty(&process->threads); nr--) {
		struct thread *thread =
			LIST_ENTRY(process->threads.next, struct thread, process_node);

		if (thread->is_told) {
			break;
		}
		thread->is_told = true;
		list_remove(&thread->process_node);
		list_push_back(&process->threads, &thread->process_node);
		sched_interrupt(thread);
	}
}

/* The one thread that is left goes on as the process's first. */
static void survivor_settle(struct process *process)
{
	struct thread *thread = thread_current();

	lock_acquire(&process_lock);
	__atomic_store_n(&process->survivor, NULL, __ATOMIC_RELEASE);
	thread->is_told = false;
	if (!credentials_have_number(process, thread->tid)) {
		pid_free(thread->tid);
		process_set_tid(thread, process->pid);
	}
	lock_release(&process_lock);
}

bool process_begin_exit(struct process *process, int32_t status, enum bw_end end)
{
	assert(lock_is_held(&process_lock));
	if (process->exiting || process->zombie) {
		return false;
	}
	process->status = status;
	process->report.end = end;
	/* pairs with the load in thread_must_exit */
	__atomic_store_n(&process->exiting, true, __ATOMIC_RELEASE);
	if (process->survivor) {
		sched_interrupt(process->survivor);
	}
	tell_threads(process, TOLD_FIRST);
	return true;
}

status_t process_end_others(void)
{
	struct process *process = process_current();
	struct waiter waiter;
	bool is_alone;

	lock_acquire(&process_lock);
	if (!process->survivor) {
		/* pairs with the load in thread_is_ending */
		__atomic_store_n(&process->survivor, thread_current(), __ATOMIC_RELEASE);
		tell_threads(process, TOLD_FIRST);
	}
	lock_release(&process_lock);
	wait_enter(&process->thread_wait, &waiter);
	for (;;) {
		sched_prepare();
		is_alone = __atomic_load_n(&process->nr_threads, __ATOMIC_ACQUIRE) == 1;
		if (is_alone || thread_must_exit()) {
			break;
		}
		wait_block(&process->thread_wait);
	}
	wait_leave(&process->thread_wait, &waiter);
	if (thread_must_exit()) {
		return STATUS_EINTR;
	}
	survivor_settle(process);
	return STATUS_OK;
}

bool process_exit(int32_t status, enum bw_end end)
{
	bool is_first;

	lock_acquire(&process_lock);
	is_first = process_begin_exit(process_current(), status, end);
	lock_release(&process_lock);
	return is_first;
}

/* Caller holds process_lock. Some orphans go to the first process, which reaps whatever ends. */
static void orphans_hand_over(struct process *process)
{
	struct process *init = process_find(PID_INIT);

	assert(lock_is_held(&process_lock));
	for (unsigned i = 0; i < ORPHANS_PER_PIECE && !list_is_empty(&process->children); i++) {
		struct process *child = LIST_ENTRY(process->children.next, struct process, sibling);

		list_remove(&child->sibling);
		child->parent = init;
		/* it waits for those alone that end as children of fork do */
		child->end_signal = SIGNAL_CHLD;
		list_push_back(&init->children, &child->sibling);
	}
	wait_wake_all(&init->child_wait);
}

/* Blocks. There are no threads any more that could have a child meanwhile. */
static void orphans_leave(struct process *process)
{
	lock_acquire(&process_lock);
	while (!list_is_empty(&process->children)) {
		orphans_hand_over(process);
		lock_release(&process_lock);
		(void)poll_call();
		lock_acquire(&process_lock);
	}
	lock_release(&process_lock);
}

/* All that the last thread can do for the process while it still runs. An address space that the
 * process's entry of credentials still names goes with that entry: process_free. */
static void take_apart(struct process *process)
{
	if (process->pid == PID_INIT) {
		panic("the first process ended with status 0x%x\n%s", process->status,
		      report_text(&process->report));
	}
	witness_look_at_pages(process);
	if (credentials_leave(process) == STATUS_OK && process->as) {
		as_put(process->as);
		process->as = NULL;
	} else {
		as_switch(NULL);
	}
	process_vfork_release(process);
	endpoints_drop(process);
	orphans_leave(process);
	witness_end_attacks_of(process);
}

void process_ended(struct process *process)
{
	lock_acquire(&process_lock);
	witness_look(process);
	report_fill(&process->report, process);
	process->zombie = true;
	witness_process_ended();
	wait_wake_all(&process->parent->child_wait);
	lock_release(&process_lock);
}

/* Caller holds process_lock. How many threads are left. */
static uint32_t unlink_thread(struct process *process, struct thread *thread)
{
	uint32_t nr_left = process->nr_threads - 1;

	assert(lock_is_held(&process_lock));
	process->ended_ticks += sched_run_time(thread);
	list_remove(&thread->process_node);
	list_remove(&thread->tid_node);
	if (!credentials_have_number(process, thread->tid)) {
		pid_free(thread->tid);
	}
	__atomic_store_n(&process->nr_threads, nr_left, __ATOMIC_RELEASE);
	if (process->exiting || process->survivor) {
		tell_threads(process, TOLD_EACH);
	}
	if (nr_left == 0 && !process->exiting) {
		(void)process_begin_exit(process, status_of_exit(thread->exit_code), BW_END_EXIT);
	}
	if (nr_left == 1) {
		wait_wake_all(&process->thread_wait);
		endpoints_reconsider(process);
	}
	return nr_left;
}

void process_leave(struct process *process, struct thread *thread)
{
	uint32_t nr_left;

	assert(thread == thread_current());
	program_check_table(process);
	lock_acquire(&process_lock);
	/* the address space goes with the last thread, so no other may have it loaded then */
	if (process->nr_threads > 1) {
		as_switch(NULL);
		thread_leave_process();
	}
	thread->process = NULL;
	nr_left = unlink_thread(process, thread);
	lock_release(&process_lock);
	if (nr_left == 0) {
		take_apart(process);
		thread->last_of = process;
	}
}

static bool is_wanted(const struct process *child, const struct child_wish *wish)
{
	bool is_clone = child->end_signal != SIGNAL_CHLD;

	return (wish->pid == 0 || child->pid == wish->pid) &&
	       (wish->group == 0 || child->group == wish->group) &&
	       (wish->kinds == CHILDREN_ALL || is_clone == (wish->kinds == CHILDREN_CLONE));
}

/*
 * Takes a zombie among the children off the tree. ECHILD: there is no such child; EAGAIN: none has
 * ended yet; EFAULT: all that could be waited for have, and their numbers cannot be had back.
 * Others are waited for as if they were not there. Caller holds process_lock.
 */
static status_t zombie_take(struct process *parent, const struct child_wish *wish,
			    struct process **out)
{
	status_t result = STATUS_ECHILD;

	assert(lock_is_held(&process_lock));
	LIST_FOR_EACH (node, &parent->children) {
		struct process *child = LIST_ENTRY(node, struct process, sibling);

		if (!is_wanted(child, wish)) {
			continue;
		}
		if (!child->zombie) {
			result = STATUS_EAGAIN;
		} else if (process_remove(child) == STATUS_OK) {
			*out = child;
			return STATUS_OK;
		} else if (result == STATUS_ECHILD) {
			result = STATUS_EFAULT;
		}
	}
	return result;
}

/* Takes a zombie off the tree; the parent keeps its report. As zombie_take. */
static status_t reap(struct process *parent, const struct child_wish *wish, struct child_end *out)
{
	struct process *child;
	struct report old;
	status_t status;

	lock_acquire(&process_lock);
	status = zombie_take(parent, wish, &child);
	if (status) {
		lock_release(&process_lock);
		return status;
	}
	old = parent->last_report;
	parent->last_report = child->report;
	child->report = old; /* cleared with the child */
	*out = (struct child_end){ .pid = child->pid,
				   .status = child->status,
				   .ticks = child->ended_ticks + child->waited_ticks };
	parent->waited_ticks += out->ticks;
	lock_release(&process_lock);
	process_free(child);
	return STATUS_OK;
}

status_t process_wait(const struct child_wish *wish, unsigned wait_options, struct child_end *out)
{
	struct process *parent = process_current();
	struct waiter waiter;
	status_t result;

	wait_enter(&parent->child_wait, &waiter);
	for (;;) {
		sched_prepare();
		result = reap(parent, wish, out);
		if (result != STATUS_EAGAIN) {
			break;
		}
		if (wait_options & WAIT_NO_HANG) {
			out->pid = 0;
			result = STATUS_OK;
			break;
		}
		if (thread_must_exit()) {
			result = STATUS_EINTR;
			break;
		}
		wait_block(&parent->child_wait);
	}
	wait_leave(&parent->child_wait, &waiter);
	return result;
}
