/* Signal calls. */
#include "mm/as/usercopy.h"
#include "task/call/syscall.h"
#include "task/process/process.h"
#include "task/process/signal.h"
#include "task/sched/sched.h"

/* Linux's. */
enum { SIGNAL_SET_BYTES = 8 };
enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };
enum { SIG_DFL, SIG_IGN };

/* Signals that C libraries keep for themselves: to be handled, which no signal is here. */
enum { SIGNAL_LIBC_FIRST = 32, SIGNAL_LIBC_LAST = 34 };

struct action {
	uint64_t handler, flags, restorer, mask;
};

/* No handler ever runs, so none is accepted: EINVAL, as of a signal whose action cannot be changed.
 */
int64_t sys_rt_sigaction(uint64_t signal, uint64_t action_at, uint64_t old_at, uint64_t set_bytes)
{
	struct action action, old = { 0 };
	uint32_t number = (uint32_t)signal;

	if (set_bytes != SIGNAL_SET_BYTES) {
		return STATUS_EINVAL;
	}
	if (action_at && copy_from_user(&action, (uva_t){ action_at }, sizeof(action))) {
		return STATUS_EFAULT;
	}
	if (number == 0 || number >= NR_SIGNALS ||
	    (action_at && (!signal_can_be_ignored(number) || action.handler > SIG_IGN))) {
		return STATUS_EINVAL;
	}
	old.handler = process_current()->signals_ignored & signal_bit(number) ? SIG_IGN : SIG_DFL;
	if (action_at) {
		signal_set_ignored(number, action.handler == SIG_IGN);
	}
	return old_at ? copy_to_user((uva_t){ old_at }, &old, sizeof(old)) : STATUS_OK;
}

int64_t sys_rt_sigprocmask(uint64_t how, uint64_t set_at, uint64_t old_at, uint64_t set_bytes)
{
	uint64_t set = 0, mask = thread_current()->signal_mask;

	if (set_bytes != SIGNAL_SET_BYTES) {
		return STATUS_EINVAL;
	}
	if (set_at) {
		if (load_user_u64((uva_t){ set_at }, &set)) {
			return STATUS_EFAULT;
		}
		switch ((uint32_t)how) {
		case SIG_BLOCK: signal_set_mask(mask | set); break;
		case SIG_UNBLOCK: signal_set_mask(mask & ~set); break;
		case SIG_SETMASK: signal_set_mask(set); break;
		default: return STATUS_EINVAL;
		}
	}
	return old_at ? store_user_u64((uva_t){ old_at }, mask) : STATUS_OK;
}

/* Stores as much of the set as the caller has room for. */
int64_t sys_rt_sigpending(uint64_t set_at, uint64_t set_bytes)
{
	uint64_t pending = signal_pending();

	if (set_bytes > SIGNAL_SET_BYTES) {
		return STATUS_EINVAL;
	}
	return copy_to_user((uva_t){ set_at }, &pending, set_bytes);
}

/* Blocks until a signal ends the process, as no other would end the wait. */
int64_t sys_pause(void)
{
	for (;;) {
		sched_prepare();
		if (thread_must_exit()) {
			return STATUS_EINTR;
		}
		sched_block();
	}
}

/* pid > 0: that process; 0: the caller's group; -1: all that there are; below: that group. */
int64_t sys_kill(uint64_t pid, uint64_t signal)
{
	int32_t whom = (int32_t)pid;

	if (whom > 0) {
		return signal_send(SIGNAL_PROCESS, (uint32_t)whom, (uint32_t)signal);
	}
	if (whom == INT32_MIN) {
		return STATUS_ESRCH;
	}
	if (whom == -1) {
		return signal_send(SIGNAL_ALL, 0, (uint32_t)signal);
	}
	return signal_send(SIGNAL_GROUP, whom ? (uint32_t)-whom : process_current()->group,
			   (uint32_t)signal);
}

static int64_t kill_thread(uint32_t pid, int32_t tid, uint32_t signal)
{
	if (tid <= 0) {
		return STATUS_EINVAL;
	}
	if (signal >= SIGNAL_LIBC_FIRST && signal <= SIGNAL_LIBC_LAST) {
		return STATUS_ENOSYS;
	}
	return signal_send_thread(pid, (uint32_t)tid, signal);
}

int64_t sys_tkill(uint64_t tid, uint64_t signal)
{
	return kill_thread(0, (int32_t)tid, (uint32_t)signal);
}

int64_t sys_tgkill(uint64_t pid, uint64_t tid, uint64_t signal)
{
	return (int32_t)pid > 0 ? kill_thread((uint32_t)pid, (int32_t)tid, (uint32_t)signal)
				: STATUS_EINVAL;
}
