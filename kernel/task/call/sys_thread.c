/* Thread calls. */
#include "arch/x86_64/entry/entry_set.h"
#include "mm/as/usercopy.h"
#include "task/call/syscall.h"
#include "task/process/clone.h"
#include "task/process/process.h"
#include "task/process/signal.h"

/* Linux's flags of clone. The lowest byte is the signal that tells of the child's end. */
enum {
	CLONE_SIGNAL = 0xff,
	CLONE_VM = 0x100,
	CLONE_FS = 0x200,
	CLONE_FILES = 0x400,
	CLONE_SIGHAND = 0x800,
	CLONE_PTRACE = 0x2000,
	CLONE_VFORK = 0x4000,
	CLONE_THREAD = 0x10000,
	CLONE_SYSVSEM = 0x40000,
	CLONE_SETTLS = 0x80000,
	CLONE_PARENT_SETTID = 0x100000,
	CLONE_CHILD_CLEARTID = 0x200000,
	CLONE_DETACHED = 0x400000,
	CLONE_UNTRACED = 0x800000,
	CLONE_CHILD_SETTID = 0x1000000,

	/* what there is nothing of: nobody is traced, and there are no semaphores to undo */
	OF_NOTHING = CLONE_SYSVSEM | CLONE_PTRACE | CLONE_UNTRACED | CLONE_DETACHED,

	/* what makes a thread: all of these, and any of those */
	THREAD_REQUIRED = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD,
	THREAD_OPTIONAL = CLONE_FS | CLONE_FILES | CLONE_SETTLS | CLONE_PARENT_SETTID |
			  CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | OF_NOTHING,
	/* what makes a process: of the first both or none, and any of the rest */
	PROCESS_REQUIRED = CLONE_VM | CLONE_VFORK,
	PROCESS_OPTIONAL = CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID |
			   CLONE_CHILD_SETTID | OF_NOTHING,
};

/* Priorities of input and output, which there are not. As Linux's flags go, the upmost bit. */
#define CLONE_IO 0x80000000ul

static int64_t result_of(status_t status, uint32_t id) { return status ? status : (int64_t)id; }

/* flags, stack, where to store the tid, where to store and clear it, TLS */
static struct thread_wish wish_of(const struct regs *caller)
{
	uint64_t flags = caller->rdi;

	return (struct thread_wish){
		.rsp = caller->rsi,
		.has_tls = flags & CLONE_SETTLS,
		.fs_base = caller->r8,
		.store_tid = { flags & CLONE_PARENT_SETTID ? caller->rdx : 0 },
		.child_store_tid = { flags & CLONE_CHILD_SETTID ? caller->r10 : 0 },
		.clear_child_tid = { flags & CLONE_CHILD_CLEARTID ? caller->r10 : 0 },
		.end_signal = flags & CLONE_SIGNAL,
	};
}

/* EINVAL: a combination that means nothing, or one that would have to share or split what is not
 * shared or split here. */
static status_t kind_check(uint64_t kind)
{
	bool is_thread = (kind & THREAD_REQUIRED) == THREAD_REQUIRED;
	bool is_process =
		(kind & PROCESS_REQUIRED) == 0 || (kind & PROCESS_REQUIRED) == PROCESS_REQUIRED;
	uint64_t known =
		is_thread ? THREAD_REQUIRED | THREAD_OPTIONAL : PROCESS_REQUIRED | PROCESS_OPTIONAL;

	return (is_thread || is_process) && !(kind & ~(known | CLONE_IO)) ? STATUS_OK
									  : STATUS_EINVAL;
}

int64_t sys_clone(struct regs *caller)
{
	/* the upper half of the flags is not looked at */
	uint64_t kind = (uint32_t)caller->rdi & ~(uint32_t)CLONE_SIGNAL;
	struct thread_wish wish = wish_of(caller);
	uint32_t id;
	status_t status = kind_check(kind);

	if (status) {
		return status;
	}
	/* the parent would have to get it */
	if (!(kind & CLONE_THREAD) && signal_is_of_effect(wish.end_signal)) {
		return STATUS_EINVAL;
	}
	syscall_regs_complete(caller);
	if (kind & CLONE_THREAD) {
		status = clone_thread(caller, &wish, &id);
	} else {
		status = kind & CLONE_VFORK ? process_vfork(caller, &wish, &id)
					    : process_fork(caller, &wish, &id);
	}
	return result_of(status, id);
}

int64_t sys_vfork(struct regs *regs)
{
	uint32_t pid;
	status_t status;

	syscall_regs_complete(regs);
	status = process_vfork(regs, &thread_wish_fork, &pid);
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
