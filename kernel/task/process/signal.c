/* Signals that end a process. */
#include "task/process/signal.h"

#include "lib/assert.h"
#include "task/authority/credentials.h"
#include "task/process/process.h"
#include "task/process/process_end.h"

bool signal_can_be_ignored(unsigned signal)
{
	return signal != SIGNAL_KILL && signal != SIGNAL_STOP;
}

static bool stops_by_default(unsigned signal)
{
	return signal >= SIGNAL_STOP && signal <= SIGNAL_TTOU;
}

bool signal_is_of_effect(unsigned signal)
{
	return signal != 0 && signal < NR_SIGNALS && signal != SIGNAL_CHLD &&
	       signal != SIGNAL_CONT && signal != SIGNAL_URG && signal != SIGNAL_WINCH;
}

static bool is_ignored(const struct process *process, unsigned signal)
{
	return !signal_is_of_effect(signal) || process->signals_ignored & signal_bit(signal);
}

static uint64_t mask_of(const struct thread *thread)
{
	return __atomic_load_n(&thread->signal_mask, __ATOMIC_SEQ_CST);
}

/* Caller holds process_lock. Signals for the process alone: every thread blocks it. */
static bool is_blocked(const struct process *process, const struct thread *thread, unsigned signal)
{
	assert(lock_is_held(&process_lock));
	if (!signal_can_be_ignored(signal)) {
		return false;
	}
	if (thread) {
		return mask_of(thread) & signal_bit(signal);
	}
	LIST_FOR_EACH (node, &process->threads) {
		if (!(mask_of(LIST_ENTRY(node, struct thread, process_node)) &
		      signal_bit(signal))) {
			return false;
		}
	}
	return true;
}

/*
 * Caller holds process_lock. `thread`: for this one of the process; NULL: for any. One that is
 * blocked stays pending, also if it is ignored as yet.
 */
static void deliver(struct process *process, struct thread *thread, unsigned signal)
{
	uint64_t *pending = thread ? &thread->signals_pending : &process->signals_pending;

	assert(lock_is_held(&process_lock));
	if (process->pid == PID_INIT) {
		return;
	}
	if (is_blocked(process, thread, signal)) {
		/* pairs with signal_set_mask: either that sees the signal, or this the new mask */
		__atomic_fetch_or(pending, signal_bit(signal), __ATOMIC_SEQ_CST);
		if (is_blocked(process, thread, signal)) {
			return;
		}
		*pending &= ~signal_bit(signal);
	}
	if (!is_ignored(process, signal)) {
		(void)process_begin_exit(process, status_of_signal((int32_t)signal), BW_END_KILLED);
	}
}

/* What is no member must not decide how an attack ends. */
static bool is_of_another_attack(const struct process *process)
{
	struct job job = credentials_job(process);

	return job.is_watched && job.number != credentials_job(process_current()).number;
}

/* Caller holds process_lock. In the order of Linux's checks. */
static status_t send(struct process *process, struct thread *thread, unsigned signal)
{
	uint32_t uid = credentials_acting_uid(process_current());

	assert(lock_is_held(&process_lock));
	if (signal >= NR_SIGNALS) {
		return STATUS_EINVAL;
	}
	if (uid != 0 && (uid != credentials_uid(process) || is_of_another_attack(process))) {
		return STATUS_EPERM;
	}
	if (signal == 0) {
		return STATUS_OK;
	}
	/* nobody can be stopped, and the caller must not believe that somebody is */
	if (stops_by_default(signal) && !is_ignored(process, signal)) {
		return STATUS_EINVAL;
	}
	deliver(process, thread, signal);
	return STATUS_OK;
}

struct outcome {
	bool is_any, is_sent; /* somebody was meant; somebody got it */
	bool is_new;          /* somebody was meant whom the walk before had not met */
	status_t status;      /* of the last that could have got it */
};

struct crowd {
	enum signal_target target;
	uint32_t group;
	unsigned signal;
	uint64_t births; /* those before have it */
	struct outcome *outcome;
};

static void send_to_member(uint32_t pid, struct process *process, const void *argument)
{
	const struct crowd *crowd = argument;
	bool is_meant = crowd->target == SIGNAL_GROUP
				? process->group == crowd->group
				: pid != PID_INIT && process != process_current();
	status_t status;

	if (!is_meant || process->birth < crowd->births) {
		return;
	}
	crowd->outcome->is_new = true;
	status = send(process, NULL, crowd->signal);
	crowd->outcome->is_any = true;
	if (status == STATUS_OK) {
		crowd->outcome->is_sent = true;
	} else if (crowd->target == SIGNAL_GROUP || status != STATUS_EPERM) {
		crowd->outcome->status = status;
	}
}

/* Blocks. Also to those that the members have forked before the signal came to them. */
static status_t send_to_all(enum signal_target target, uint32_t group, unsigned signal)
{
	struct outcome outcome = { .status = STATUS_OK };
	struct crowd crowd = { target, group, signal, 0, &outcome };
	uint64_t births;
	bool is_again;

	do {
		outcome.is_new = false;
		is_again = process_for_each_in_pieces(send_to_member, &crowd, &births);
		crowd.births = births;
	} while (is_again && outcome.is_new);
	if (!outcome.is_any) {
		return STATUS_ESRCH;
	}
	return outcome.is_sent ? STATUS_OK : outcome.status;
}

status_t signal_send(enum signal_target target, uint32_t id, unsigned signal)
{
	struct process *process;
	status_t status;

	if (target != SIGNAL_PROCESS) {
		return send_to_all(target, id, signal);
	}
	lock_acquire(&process_lock);
	process = process_find(id);
	status = process ? send(process, NULL, signal) : STATUS_ESRCH;
	lock_release(&process_lock);
	return status;
}

status_t signal_send_thread(uint32_t pid, uint32_t tid, unsigned signal)
{
	struct thread *thread;
	status_t status = STATUS_ESRCH;

	lock_acquire(&process_lock);
	thread = process_find_thread(tid);
	if (thread && (!pid || thread->process->pid == pid)) {
		status = send(thread->process, thread, signal);
	}
	lock_release(&process_lock);
	return status;
}

void signal_deliver(struct process *process, unsigned signal)
{
	assert(lock_is_held(&process_lock));
	deliver(process, NULL, signal);
}

void signal_interrupt(uint32_t pid)
{
	struct process *process;

	lock_acquire(&process_lock);
	process = process_find(pid);
	if (process) {
		deliver(process, NULL, SIGNAL_INT);
	}
	lock_release(&process_lock);
}

uint64_t signal_pending(void)
{
	const struct thread *thread = thread_current();

	return (thread->signals_pending | thread->process->signals_pending) & thread->signal_mask;
}

void signal_set_mask(uint64_t mask)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	uint64_t due;

	/* pairs with deliver */
	__atomic_exchange_n(&thread->signal_mask,
			    mask & ~(signal_bit(SIGNAL_KILL) | signal_bit(SIGNAL_STOP)),
			    __ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&process->signals_pending, __ATOMIC_SEQ_CST) |
	      thread->signals_pending)) {
		return;
	}
	lock_acquire(&process_lock);
	due = (thread->signals_pending | process->signals_pending) & ~thread->signal_mask;
	thread->signals_pending &= ~due;
	process->signals_pending &= ~due;
	for (; due; due &= due - 1) {
		deliver(process, thread, (unsigned)__builtin_ctzl(due) + 1);
	}
	lock_release(&process_lock);
}

void signal_set_ignored(unsigned signal, bool becomes_ignored)
{
	struct process *process = process_current();
	uint64_t bit = signal_bit(signal);

	lock_acquire(&process_lock);
	process->signals_ignored =
		becomes_ignored ? process->signals_ignored | bit : process->signals_ignored & ~bit;
	if (is_ignored(process, signal)) {
		process->signals_pending &= ~bit;
		LIST_FOR_EACH (node, &process->threads) {
			LIST_ENTRY(node, struct thread, process_node)->signals_pending &= ~bit;
		}
	}
	lock_release(&process_lock);
}
