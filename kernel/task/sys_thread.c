/* Thread calls. */
#include "mm/usercopy.h"
#include "task/clone.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/syscall.h"

/* Linux's flags of clone. The lowest byte is the signal that tells of the child's end. */
enum {
	CLONE_SIGNAL = 0xff,
	CLONE_VM = 0x100,
	CLONE_FS = 0x200,
	CLONE_FILES = 0x400,
	CLONE_SIGHAND = 0x800,
	CLONE_VFORK = 0x4000,
	CLONE_THREAD = 0x10000,
	CLONE_SYSVSEM = 0x40000,
	CLONE_SETTLS = 0x80000,
	CLONE_PARENT_SETTID = 0x100000,
	CLONE_CHILD_CLEARTID = 0x200000,
	CLONE_DETACHED = 0x400000,

	/* what makes a thread: all of these, and any of those */
	THREAD_REQUIRED = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD,
	THREAD_OPTIONAL = CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SETTLS |
			  CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_DETACHED,
	VFORK = CLONE_VM | CLONE_VFORK,
};

/* Signals that C libraries keep for themselves: to be handled, which no signal is here. */
enum { SIGNAL_LIBC_FIRST = 32, SIGNAL_LIBC_LAST = 34 };

static int64_t result_of(status_t status, uint32_t id) { return status ? status : (int64_t)id; }

static int64_t make_thread(const struct regs *regs, uint64_t flags, uint64_t stack,
			   uint64_t store_tid, uint64_t clear_tid, uint64_t tls)
{
	const struct thread_wish wish = {
		.rsp = stack,
		.has_tls = flags & CLONE_SETTLS,
		.fs_base = tls,
		.store_tid = { flags & CLONE_PARENT_SETTID ? store_tid : 0 },
		.clear_child_tid = { flags & CLONE_CHILD_CLEARTID ? clear_tid : 0 },
	};
	uint32_t tid;
	status_t status = clone_thread(regs, &wish, &tid);

	return result_of(status, tid);
}

/* flags, stack, where to store the tid, where to clear it, TLS */
int64_t sys_clone(const struct regs *caller)
{
	uint64_t flags = caller->rdi, stack = caller->rsi;
	uint64_t kind = flags & ~(uint64_t)CLONE_SIGNAL;
	struct regs regs = *caller;
	uint32_t pid;
	status_t status;

	if ((kind & THREAD_REQUIRED) == THREAD_REQUIRED &&
	    !(kind & ~(uint64_t)(THREAD_REQUIRED | THREAD_OPTIONAL))) {
		return make_thread(&regs, flags, stack, regs.rdx, regs.r10, regs.r8);
	}
	if (kind != 0 && kind != VFORK) {
		return STATUS_EINVAL;
	}
	regs.rsp = stack ? stack : regs.rsp;
	status = kind == VFORK ? process_vfork(&regs, &pid) : process_fork(&regs, &pid);
	return result_of(status, pid);
}

int64_t sys_vfork(const struct regs *regs)
{
	uint32_t pid;
	status_t status = process_vfork(regs, &pid);

	return result_of(status, pid);
}

/* The calling thread ends on its way back. */
int64_t sys_exit(uint64_t code)
{
	thread_end((int32_t)code);
	return STATUS_OK;
}

int64_t sys_gettid(void) { return thread_current()->tid; }

int64_t sys_set_tid_address(uint64_t at)
{
	thread_current()->clear_child_tid = (uva_t){ at };
	return thread_current()->tid;
}

static bool has_thread(const struct process *process, uint32_t tid)
{
	bool found = false;

	lock_acquire(&process_lock);
	LIST_FOR_EACH (node, &process->threads) {
		found = found || LIST_ENTRY(node, struct thread, process_node)->tid == tid;
	}
	lock_release(&process_lock);
	return found;
}

/* A signal concerns the whole process, so it matters only that there is such a thread. */
int64_t sys_tkill(uint64_t tid, uint64_t signal)
{
	const struct process *process = process_current();

	if ((int32_t)tid <= 0 || signal >= NR_SIGNALS) {
		return STATUS_EINVAL;
	}
	if (!has_thread(process, (uint32_t)tid)) {
		return STATUS_ESRCH;
	}
	if (signal >= SIGNAL_LIBC_FIRST && signal <= SIGNAL_LIBC_LAST) {
		return STATUS_ENOSYS;
	}
	return signal_send(process->pid, (unsigned)signal);
}

int64_t sys_tgkill(uint64_t pid, uint64_t tid, uint64_t signal)
{
	if ((int32_t)pid <= 0) {
		return STATUS_EINVAL;
	}
	return (uint32_t)pid == process_current()->pid ? sys_tkill(tid, signal) : STATUS_ESRCH;
}
