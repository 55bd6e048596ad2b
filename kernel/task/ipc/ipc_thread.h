/* What a thread remembers of the call it makes and of the call it serves. The rules: ipc.h. */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

struct endpoint;
struct thread;

enum ipc_state {
	IPC_NONE,      /* done, or never began */
	IPC_CALLING,   /* on the endpoint's list of callers */
	IPC_AWAITING,  /* a server has the call; its reply is to come */
	IPC_RECEIVING, /* on the endpoint's list of receivers */
};

/*
 * Guarded by the lock of `endpoint`, but for the pair caller, served: by the lock of `served`.
 * Invariant: client->ipc.server == server exactly while server->ipc.caller == client, and then
 * client->ipc.endpoint == server->ipc.served.
 */
struct ipc {
	struct list node;
	enum ipc_state state;
	int64_t result;            /* what became of it; valid once it is NONE again */
	struct endpoint *endpoint; /* that this thread waits at. Its own while it does not. */
	struct thread *server;     /* AWAITING: who has the call */
	struct thread *caller;     /* whose call this thread serves; NULL: nobody's */
	struct endpoint *served;   /* the endpoint it came through; written while `caller` is */
};
