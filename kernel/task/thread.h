/*
 * Threads: what the scheduler switches between. Those without a process are the kernel's own (the
 * idle threads).
 */
#pragma once

#include "arch/x86_64/context.h"
#include "core/cpu.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/types.h"

struct process;

enum thread_state {
	THREAD_BLOCKED, /* on no run queue; sched_wake makes it ready. New threads start here. */
	THREAD_READY,   /* on the run queue of its CPU */
	THREAD_RUNNING,
	THREAD_DEAD, /* has switched away for good; freed by whoever runs next */
};

/*
 * Invariant: on its run queue exactly while READY, the current thread of `cpu` exactly while
 * RUNNING.
 */
struct thread {
	uint8_t fpu[FPU_AREA_MAX] __attribute__((aligned(64)));

	/* Constant once the thread has started, but for thread_exit. */
	struct process *process; /* NULL: the kernel's own */
	uint32_t tid;
	va_t stack; /* [stack, stack_top) */
	uint64_t stack_top;

	/* Guarded by the lock of the run queue of `cpu`. */
	struct list run_node;
	enum thread_state state;
	bool wakeup;  /* a wake arrived since sched_prepare */
	uint32_t cpu; /* where it runs; changes only while READY or new */

	/* Guarded by process_lock. */
	struct list process_node;

	/* Its own, or its CPU's while it is switched out. */
	uint64_t saved_rsp;
	uint64_t fs_base;
	uva_t clear_child_tid; /* set to 0 when the thread ends; 0: nothing */
	uint64_t signal_mask;
	uint64_t slice_end_ns, started_ns, cpu_ns;
	int32_t exit_code;
	bool exiting;    /* ends on its way back to user mode */
	bool in_syscall; /* serves a system call: an in-kernel fault now is the process's doing */
	bool in_vuln;    /* inside a deliberately vulnerable call */
	bool in_fault;   /* reports an in-kernel fault: another one now is a panic */
};

void thread_init(void);

/*
 * A thread that begins at start(thread) on its own kernel stack once sched_start lets it; start
 * must not return. Below the stack's top there is room for its user registers. ENOMEM.
 */
status_t thread_create(struct process *process, void (*start)(void *thread),
		       struct thread **out) MUST_CHECK;
/* Of a thread that never started, or is dead and switched away from. */
void thread_destroy(struct thread *thread);

static inline struct thread *thread_current(void) { return this_cpu()->current; }

/*
 * Where the entry code puts a thread's registers when it comes from user mode: the top of its
 * kernel stack.
 */
static inline struct regs *thread_user_regs(const struct thread *thread)
{
	return (struct regs *)(thread->stack_top - sizeof(struct regs));
}

/*
 * Must the current thread end instead of going back to user mode? Whoever waits asks this, and
 * gives up with EINTR.
 */
bool thread_must_exit(void);

/* To user mode with these registers, unless the thread must end. */
_Noreturn void thread_enter_user(struct regs *regs);

/*
 * Ends the current thread; with the last one its process. Nothing on the stack is needed any more.
 */
_Noreturn void thread_exit(void);
