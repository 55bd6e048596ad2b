/* New threads in the calling process. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

struct regs;

/* What clone asks for. Addresses of 0: not wanted. */
struct thread_wish {
	uint64_t rsp; /* 0: the caller's */
	bool has_tls; /* fs_base is valid; else the caller's */
	uint64_t fs_base;
	uva_t store_tid;       /* the tid is stored here before the thread runs */
	uva_t clear_child_tid; /* see struct thread */
};

/* Starts a thread with `regs` and the result 0. ENOMEM, EAGAIN; EFAULT: store_tid; EPERM: fs_base.
 */
status_t clone_thread(const struct regs *regs, const struct thread_wish *wish,
		      uint32_t *tid) MUST_CHECK;
