/*
 * Threads: what the scheduler switches between. Those without a process are the kernel's own (the
 * idle threads).
 */
#pragma once

#include "arch/x86_64/entry/context.h"
#include "core/cpu.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/types.h"
#include "task/ipc/futex_key.h"
#include "task/ipc/ipc_thread.h"

struct process;

enum thread_state {
	THREAD_NEW,     /* not started; a wake does nothing */
	THREAD_BLOCKED, /* waits; whoever replaces this state by another owns the thread's fate */
	THREAD_READY,   /* on a run queue, or in the hands of the one that puts it there */
	THREAD_RUNNING,
	THREAD_WOKEN,  /* running, and a wake arrived since sched_prepare */
	THREAD_MOVING, /* leaves a CPU that it may not run on any more */
	THREAD_DEAD,   /* leaves for good; freed by whoever runs next */
};

/* A set of CPUs: bit id % 64 of word id / 64. */
struct cpu_set {
	uint64_t words[NR_CPUS_MAX / 64];
};

static inline bool cpu_set_has(const struct cpu_set *set, uint32_t id)
{
	return __atomic_load_n(&set->words[id / 64], __ATOMIC_RELAXED) >> (id % 64) & 1;
}

/*
 * Invariant: on the run queue of `cpu` only while READY, the current thread of `cpu` while RUNNING,
 * WOKEN or MOVING.
 */
struct thread {
	/*
	 * What a switch looks at comes first. Where it goes on, as the gate knows better; 0: its
	 * stack and registers are in use. Written by the CPU that switches to it or away from it
	 * (context_switch). Until then no other CPU may take it: thread_is_off_cpu.
	 */
	uint64_t saved_rsp;
	/* Constant once the thread has started, but for thread_exit. */
	struct process *process; /* NULL: the kernel's own */
	uint64_t lowest_regs;    /* kstack_lowest_regs */
	uint64_t frame_who;      /* frame_who(pid); 0: the kernel's own */
	/* Its own, or its CPU's while it is switched out. */
	uint64_t fs_base;
	uint64_t user_rsp; /* of the system call under way, as in struct cpu_entry */
	/* In ticks of the TSC. How long it has run, which is less than the TSC; while it runs, that
	 * less what the TSC was when it was switched to, which is negative: run_time.h. */
	uint64_t run_time;
	/* Constant: the number of its stack, kstack_slot. */
	uint32_t stack_number;
	/* The slot of its address space's translations, where it ran last: where to look first. */
	uint32_t slot;
	/* Atomic; sched_switch.h says who may change it from what to what. */
	uint32_t state; /* enum thread_state */
	uint32_t cpu;   /* where it runs, or ran last; written by whoever owns its fate */
	uint8_t fpu[FPU_AREA_MAX] __attribute__((aligned(64)));

	/* Constant. */
	va_t stack; /* [stack, stack_top) */
	uint64_t stack_top;

	/* Guarded by the lock of the run queue of `cpu`. */
	struct list run_node;
	uint8_t band; /* enum band, while it is on the queue */

	/* Whose it is to the scheduler: BAND_ROOT_FRESH or BAND_USER_FRESH. Written with
	 * process_lock, read without. */
	uint8_t band_fresh;
	struct cpu_set allowed;

	/* Guarded by process_lock. */
	struct list process_node;
	struct list tid_node;
	uint64_t signal_mask;     /* written by the thread itself, without */
	uint64_t signals_pending; /* for this thread alone; read by itself without */
	uint32_t tid;             /* read by the thread itself without */
	bool is_told;             /* that it must end: process_end.c */
	bool vfork_done; /* the child that this thread waits for has left the address space */

	struct ipc ipc;

	/* Its own, or its CPU's while it is switched out. */
	struct regs *regs;     /* thread_user_regs */
	uva_t store_tid;       /* where it stores its tid before anything else; 0: nowhere */
	uva_t clear_child_tid; /* set to 0 when the thread ends, and its futex woken; 0: nothing */
	struct futex_seen futex_seen;
	uint64_t slice_end;                   /* up to which run time it has its slice */
	uint64_t tlb_debts[NR_CPUS_MAX / 64]; /* the CPUs that it must flush when it runs there
						 next: mm/tlb/ktlb.h */
	uint32_t call; /* debug builds: the number of the system call; budget.c */
	int32_t exit_code;
	struct process *last_of; /* DEAD: the process that ends with this thread; NULL: none */
	bool exiting;            /* ends on its way back to user mode */
	/* Does something of the kernel's own: an in-kernel fault now is no doing of the process. */
	bool works_for_kernel;
	bool in_vuln;  /* inside a deliberately vulnerable call */
	bool in_fault; /* reports an in-kernel fault: another one now is a panic */
};

void thread_init(void);

/*
 * A thread that begins at start(thread) on its own kernel stack once sched_start lets it, on any
 * CPU; start must not return. Below the stack's top there is room for its user registers. ENOMEM.
 */
status_t thread_create(struct process *process, void (*start)(void *thread),
		       struct thread **out) MUST_CHECK;
/* Before it starts: it acts by this process's entry of credentials. The process is the current one,
 * or one that it has just made. */
void thread_give_stack(struct thread *thread, uint32_t pid);
/* The current thread, which is in no address space, acts by no entry any more. */
void thread_leave_process(void);
/* Of a thread that never started, or is dead and switched away from. */
void thread_destroy(struct thread *thread);

static inline struct thread *thread_current(void)
{
	return (struct thread *)PERCPU_READ(offsetof(struct cpu, current));
}

/* The CPU on which it ran last has switched away from it. Acquire; the partner is context_switch.
 */
static inline bool thread_is_off_cpu(const struct thread *thread)
{
	return __atomic_load_n(&thread->saved_rsp, __ATOMIC_ACQUIRE);
}

/*
 * Where the entry code put the registers that the thread had in user mode, near the top of its
 * kernel stack: of a trap, a system call WITH_REGS (abi/syscalls.def), or where it will start.
 */
static inline struct regs *thread_user_regs(const struct thread *thread) { return thread->regs; }

/* Where they are made up, for a way to user mode that is not a return: above everything else on the
 * stack. */
static inline struct regs *thread_top_regs(const struct thread *thread)
{
	return (struct regs *)(thread->stack_top - sizeof(struct regs));
}

/*
 * Must the current thread end instead of going back to user mode? Whoever waits asks this, and
 * gives up with EINTR.
 */
bool thread_must_exit(void);

/* Makes the current thread end on its way back to user mode. */
void thread_end(int32_t exit_code);

/*
 * What a new thread has in common with the current one, which makes it: its registers, with the
 * result 0, FPU state, signal mask and CPUs.
 */
void thread_inherit(struct thread *thread, const struct regs *regs);
/* Where it starts: user mode with those registers. For thread_create. */
void thread_start_user(void *thread);

/* To user mode with these registers, unless the thread must end. */
_Noreturn void thread_enter_user(struct regs *regs);

/*
 * Ends the current thread; with the last one its process. Nothing on the stack is needed any more.
 */
_Noreturn void thread_exit(void);
