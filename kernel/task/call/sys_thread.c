/* Thread and scheduler calls. */
#include "arch/x86_64/entry/entry_set.h"
#include "core/cpu.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as/usercopy.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/process/clone.h"
#include "task/process/process.h"
#include "task/process/signal.h"
#include "task/sched/sched.h"

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
static struct clone_args wish_of(const struct regs *caller)
{
	uint64_t flags = caller->rdi;

	return (struct clone_args){
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
	struct clone_args wish = wish_of(caller);
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

/* ---- Who runs where ---- */

int64_t sys_sched_yield(void)
{
	sched_yield();
	return STATUS_OK;
}

/* The CPUs there are. */
static struct cpu_set online(void)
{
	struct cpu_set set = { { 0 } };

	for (uint32_t id = 0; id < nr_cpus; id++) {
		set.words[id / 64] |= 1ul << (id % 64);
	}
	return set;
}

/* Caller holds process_lock. By tid; 0: the caller. */
static struct thread *find(uint64_t tid)
{
	return (uint32_t)tid == 0 ? thread_current() : process_find_thread((uint32_t)tid);
}

/* Caller holds process_lock. */
static bool may_change(const struct thread *thread)
{
	uint32_t uid = credentials_acting_uid(process_current());

	assert(lock_is_held(&process_lock));
	return uid == 0 || uid == credentials_uid(thread->process);
}

/* Word by word: others read it meanwhile and may see a mixture, which they find out later. */
static void allow(struct thread *thread, const struct cpu_set *set)
{
	for (unsigned i = 0; i < ARRAY_SIZE(set->words); i++) {
		__atomic_store_n(&thread->allowed.words[i], set->words[i], __ATOMIC_RELAXED);
	}
	sched_interrupt(thread);
}

int64_t sys_sched_setaffinity(uint64_t tid, uint64_t size_bytes, uint64_t set_at)
{
	struct cpu_set set = { { 0 } }, all = online();
	struct thread *thread;
	uint64_t any = 0;
	status_t status = STATUS_ESRCH;

	if (copy_from_user(&set, (uva_t){ set_at }, MIN((uint32_t)size_bytes, sizeof(set)))) {
		return STATUS_EFAULT;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(set.words); i++) {
		set.words[i] &= all.words[i];
		any |= set.words[i];
	}
	lock_acquire(&process_lock);
	thread = find(tid);
	if (thread) {
		status = !may_change(thread) ? STATUS_EPERM : any ? STATUS_OK : STATUS_EINVAL;
	}
	if (status == STATUS_OK) {
		allow(thread, &set);
	}
	lock_release(&process_lock);
	return status;
}

/* Returns how many bytes the set takes, as Linux does. */
int64_t sys_sched_getaffinity(uint64_t tid, uint64_t size_bytes, uint64_t set_at)
{
	struct cpu_set set = online();
	const struct thread *thread;
	uint64_t size = (uint32_t)size_bytes, len_bytes = MIN(size, sizeof(set));

	if (size * 8 < nr_cpus || size % sizeof(uint64_t)) {
		return STATUS_EINVAL;
	}
	lock_acquire(&process_lock);
	thread = find(tid);
	for (unsigned i = 0; thread && i < ARRAY_SIZE(set.words); i++) {
		set.words[i] &= thread->allowed.words[i];
	}
	lock_release(&process_lock);
	if (!thread) {
		return STATUS_ESRCH;
	}
	return copy_to_user((uva_t){ set_at }, &set, len_bytes) ? STATUS_EFAULT
								: (int64_t)len_bytes;
}

/* All of memory is one node. */
int64_t sys_getcpu(uint64_t cpu_at, uint64_t node_at)
{
	if ((cpu_at && store_user_u32((uva_t){ cpu_at }, this_cpu()->id)) ||
	    (node_at && store_user_u32((uva_t){ node_at }, 0))) {
		return STATUS_EFAULT;
	}
	return STATUS_OK;
}
