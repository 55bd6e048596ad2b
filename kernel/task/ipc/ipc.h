/*
 * Calls between processes: docs/ipc.md says what programs see.
 *
 * A call carries six words and, if wanted, a page. The words go from the caller's saved registers
 * to the server's, and back with the reply: no user byte rests anywhere else. The page moves
 * (mm/as/as_grant.h). When the partner waits on a CPU that the calling thread is about to leave,
 * that CPU switches straight to it.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

struct regs;
struct thread;

/*
 * All take the registers of the call, handle and message: docs/ipc.md.
 *
 * Blocks until a server has replied. 0, EBADF, EINTR: the thread must end; EPIPE: nobody is left
 * who could reply; and for the page EFAULT: it cannot be given; EINVAL: the server takes none
 * there; ENOMEM. Only after EPIPE and EINTR may the server have got it.
 */
int64_t ipc_call(struct regs *regs);

/*
 * Blocks until somebody calls: the caller's pid. A call that this thread has and did not reply to
 * fails with EPIPE. EBADF, EINTR; EPIPE: nobody is left who could call.
 */
int64_t ipc_receive(struct regs *regs);

/*
 * Replies to the call that this thread has, if it has one and its caller still waits, then receives
 * as above. The page's errors, as of ipc_call: nothing was done.
 */
int64_t ipc_reply_receive(struct regs *regs);

/* The thread ends, or its program does: the call that it has fails. It waits for none. */
void ipc_thread_exit(struct thread *thread);

/* Fails the wait of a thread with EPIPE. Caller holds the lock of the endpoint it waits at. */
void ipc_fail(struct thread *thread);
