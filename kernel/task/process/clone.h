/* New threads in the calling process. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

struct regs;
struct thread;

/* What clone asks for. Addresses of 0: not wanted. */
struct clone_args {
	uint64_t rsp; /* 0: the caller's */
	bool has_tls; /* fs_base is valid; else the caller's */
	uint64_t fs_base;
	uva_t store_tid; /* the tid is stored here before the thread runs, in the caller's memory */
	uva_t child_store_tid; /* and here, in its own, by itself */
	uva_t clear_child_tid; /* see struct thread */
	uint8_t end_signal; /* of a process: tells its parent; SIGCHLD, or it is a "clone child" */
};
/* That of fork. */
extern const struct clone_args thread_wish_fork;

/* EPERM: fs_base. */
status_t thread_wish_check(const struct clone_args *wish) MUST_CHECK;
/* Stores the tid where the caller wants it. EFAULT. */
status_t thread_wish_tell(const struct clone_args *wish, uint32_t tid) MUST_CHECK;
/* For a thread that was made and does not run yet. */
void thread_wish_grant(const struct clone_args *wish, struct thread *thread);

/* Starts a thread with `regs` and the result 0. ENOMEM, EAGAIN; EFAULT: store_tid; EPERM: fs_base.
 */
status_t clone_thread(const struct regs *regs, const struct clone_args *wish,
		      uint32_t *tid) MUST_CHECK;
