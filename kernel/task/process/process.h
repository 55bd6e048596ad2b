/* Processes: an address space, an identity, a place in the tree. */
#pragma once

#include "abi/bulwark.h"
#include "core/lock.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/types.h"
#include "task/console/report.h"
#include "task/ipc/endpoint.h"
#include "task/process/pid.h"
#include "task/sched/thread.h"
#include "task/sched/wait.h"

struct clone_args;

enum {
	PROCESSES_PER_UID = 256, /* for every uid but 0 */
	THREADS_PER_UID = 1024,  /* the same, in all of its processes together */
	/* for everybody: what looks at each of them takes no longer than that */
	PROCESSES_MAX = 2048,
	THREADS_PER_PROCESS = 1024,
	NR_DESCRIPTORS = 3,
	DESCRIPTORS_CONSOLE = (1 << NR_DESCRIPTORS) - 1,
};

/* The tree of processes, who is alive, and how those that are not have ended. */
extern struct lock process_lock;

/*
 * Invariant: on its parent's list of children until it is reaped; without threads exactly when it
 * is a zombie.
 */
struct process {
	/* Constant. */
	uint32_t pid;

	/* Believed with cred=plain only: credentials.c, and who attacks it. */
	uint32_t uid;
	uint32_t binding;

	/* Guarded by process_lock. */
	struct process *parent; /* NULL: the first process */
	struct list children;
	struct list sibling;
	struct list all;
	uint64_t birth; /* how many there were before it, since the machine was booted */
	struct list threads;
	uint32_t nr_threads;         /* read without by ipc.c */
	bool exiting;                /* written with the lock, read without: thread_must_exit */
	struct thread *survivor;     /* the same. Not NULL: execve ends all the others */
	struct thread *vfork_parent; /* waits until this process leaves its address space */
	uint8_t band_fresh;          /* of its threads; for the scheduler alone */
	uint32_t group, session;     /* pids of those who began them */
	bool has_execed;             /* since it was forked */
	uint8_t end_signal; /* tells the parent of its end: SIGCHLD, or none for a "clone child" */
	uint64_t signals_pending; /* bit N - 1: signal N, which every thread blocks */
	uint64_t alarm_ns;        /* when SIGALRM comes, as clock_now_ns; 0: it does not */
	uint64_t alarm_every_ns;  /* and again after this; 0: once */
	uint64_t ended_ticks;     /* processor time of its threads that are gone, TSC */
	uint64_t waited_ticks;    /* of its children that were waited for, and of theirs */
	bool zombie;
	int32_t status;            /* wait4 encoding; valid once exiting */
	struct report report;      /* how it ends */
	struct report last_report; /* of the child reaped last; pid 0: none yet */
	char name[BW_NAME_MAX];

	struct wait_queue child_wait;
	struct wait_queue thread_wait; /* the survivor, for the others to end */

	struct endpoint_table endpoints;

	/* Written by its only thread (execve), read by all. */
	struct as *as;      /* NULL once it is gone */
	uint32_t uid_first; /* at the last execve */

	/* Counted without a lock: a number more or less harms nobody. */
	uint32_t vuln_calls;
	uint32_t calls_refused;   /* by the policy, since the last execve */
	uint32_t descriptors;     /* bit N: descriptor N is open, on the console */
	uint16_t umask;           /* atomic */
	uint64_t signals_ignored; /* bit N - 1: signal N */
	uint64_t fail_countdown;  /* fault injection: 1 is the next kernel allocation, 0 none */
};

void process_init(void);

/* Of the current thread; NULL: it is the kernel's own. */
static inline struct process *process_current(void)
{
	const struct thread *thread = thread_current();

	return thread ? thread->process : NULL;
}

/* thread_must_exit, of any thread that cannot end meanwhile. */
static inline bool thread_is_ending(const struct thread *thread)
{
	const struct process *process = thread->process;
	const struct thread *survivor;

	if (!process) {
		return false;
	}
	/* pair with the stores in process_begin_exit and process_end_others, which interrupt the
	 * thread afterwards */
	survivor = __atomic_load_n(&process->survivor, __ATOMIC_ACQUIRE);
	return thread->exiting || __atomic_load_n(&process->exiting, __ATOMIC_ACQUIRE) ||
	       (survivor && survivor != thread);
}

/* A process without address space, thread or place in the tree. ENOMEM. */
status_t process_alloc(struct process **out) MUST_CHECK;
/*
 * Gives it a pid and a place below the parent (NULL: the first process), and inherits. EAGAIN: the
 * quota, no pid left, PROCESSES_MAX, or the parent or its attack is being ended; EFAULT: its
 * credentials cannot be written.
 */
status_t process_add(struct process *process, struct process *parent) MUST_CHECK;
/* The first thread joins the process, and gets its pid. */
void process_add_thread(struct process *process, struct thread *thread);
/*
 * Another thread of the calling process is to come: its tid. EAGAIN: the quota,
 * THREADS_PER_PROCESS, or no number left. Then either it joins, or its number goes back.
 */
status_t process_reserve_thread(uint32_t *tid) MUST_CHECK;
void process_add_reserved(struct thread *thread, uint32_t tid);
void process_unreserve_thread(uint32_t tid);
/* The process acts for this user from now on: its threads wait in the bands of root's or of users'.
 * No right depends on that. */
void process_set_band(struct process *process, uint32_t uid);
/* Of one that is in no tree, or reaped. Blocks where it still has an address space. */
void process_free(struct process *process);

/* Caller holds process_lock. NULL: there is none. Zombies are found too. */
struct process *process_find(uint32_t pid);
/* Caller holds process_lock. A thread of any process, by tid; NULL: there is none. */
struct thread *process_find_thread(uint32_t tid);
/* Caller holds process_lock. The thread is found by this tid from now on. */
void process_set_tid(struct thread *thread, uint32_t tid);
/* Caller holds process_lock. Processor time of all its threads, in ticks of the TSC. */
uint64_t process_run_time(const struct process *process);
/*
 * While all other CPUs are stopped, so that it stays: the process of this pid, the caller for 0,
 * and it has an address space. ESRCH: there is none.
 */
status_t process_find_stopped(uint64_t pid, struct process **out) MUST_CHECK;
uint64_t process_count(void);
/* Every process of the tree, zombies included, with process_lock held. */
void process_for_each(void (*visit)(struct process *, const void *), const void *argument);
/*
 * The same in pieces, with process_lock free between two of them, for visits that do more than
 * look; the pid is one that nobody can have forged. Blocks. True: there were several pieces, and
 * processes may have come meanwhile that it did not visit: those with a birth of *births or later.
 */
bool process_for_each_in_pieces(void (*visit)(uint32_t pid, struct process *, const void *),
				const void *argument, uint64_t *births);

/*
 * The copy of the calling process; its only thread starts with `regs` and the result 0, and what
 * the wish says. ENOMEM, EAGAIN; EPERM: the wish's TLS. fork.c
 */
status_t process_fork(const struct regs *regs, const struct clone_args *wish,
		      uint32_t *pid) MUST_CHECK;

/*
 * A process in the caller's own address space; its only thread starts with `regs` and the result 0.
 * Blocks until that process has left the address space, by execve or its end. ENOMEM, EAGAIN;
 * EINTR: the caller must end. fork.c
 */
status_t process_vfork(const struct regs *regs, const struct clone_args *wish,
		       uint32_t *pid) MUST_CHECK;
/* The current process leaves its address space for another, or for good. fork.c */
void process_vfork_release(struct process *process);
