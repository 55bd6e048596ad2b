/* How processes end, and how their parents learn of it. */
#pragma once

#include "abi/bulwark.h"
#include "lib/status.h"
#include "lib/types.h"

struct process;
struct thread;

/* Statuses as wait4 tells them. */
static inline int32_t status_of_exit(int32_t code) { return (code & 0xff) << 8; }
static inline int32_t status_of_signal(int32_t signal) { return signal & 0x7f; }

/*
 * Says how the process ends and makes its threads end. False: that was said before, and stays.
 * Caller holds process_lock. The threads go on their way back to user mode, or from where they
 * wait.
 */
bool process_begin_exit(struct process *process, int32_t status, enum bw_end end);
/* The same for the caller's own process; takes process_lock. */
bool process_exit(int32_t status, enum bw_end end);

/*
 * What the process is, or may do, could not be written, as it had to be: it must not go on as it
 * was. process_begin_insecure_end: as process_begin_exit. process_end_insecure: the current
 * process, with a report that names the call; takes process_lock. end_insecure.c
 */
bool process_begin_insecure_end(struct process *process);
void process_end_insecure(const char *call);

/*
 * For execve: makes all other threads of the process end. Blocks until they have; afterwards the
 * caller is the process's first thread. EINTR: the caller itself must end.
 */
status_t process_end_others(void) MUST_CHECK;

/*
 * The current thread leaves its process; with the last one all goes that the process has. Panics
 * when that is the first process.
 */
void process_leave(struct process *process, struct thread *thread);
/*
 * The last thread of the process is gone, too, with its stack: the process becomes a zombie.
 * Nothing may touch it afterwards: the parent is free to reap it.
 */
void process_ended(struct process *process);

/* Unlinks a process that is to be reaped. EFAULT: its number cannot be taken back, and it stays.
 * Caller holds process_lock. process.c */
status_t process_remove(struct process *process) MUST_CHECK;

enum wait_options { WAIT_NO_HANG = 1 };

/* Which children are waited for: those whose end is told by SIGCHLD, the others, or all. */
enum child_kinds { CHILDREN_USUAL, CHILDREN_CLONE, CHILDREN_ALL };
struct child_wish {
	uint32_t pid;   /* this one; 0: any */
	uint32_t group; /* of this process group; 0: of any */
	enum child_kinds kinds;
};
struct child_end {
	uint32_t pid;
	int32_t status; /* as wait4 tells it */
	uint64_t ticks; /* processor time of it and of those that it waited for, in ticks of the TSC
			 */
};
/*
 * Blocks until a wanted child has ended, and reaps it. Its pid is 0 where WAIT_NO_HANG found none.
 * ECHILD: there is no such child; EINTR: the caller itself must end; EFAULT: all that are wanted
 * have ended, and their numbers cannot be had back: they stay zombies.
 */
status_t process_wait(const struct child_wish *wish, unsigned wait_options,
		      struct child_end *out) MUST_CHECK;
