/*
 * Endpoints: where calls between processes arrive. A process knows its endpoints by handles, which
 * are numbers of slots in its table: endpoint_create fills one, fork copies all, and they stay as
 * long as the process does. Nothing else leads to an endpoint, so who may call is decided by who
 * forks whom.
 */
#pragma once

#include "core/lock.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/types.h"

struct process;

enum { ENDPOINTS_PER_PROCESS = 16 };

struct endpoint {
	struct lock lock;
	/* Guarded by lock. */
	struct list callers;   /* threads in IPC_CALLING, longest waiting first */
	struct list receivers; /* threads in IPC_RECEIVING; empty while `callers` is not */
	uint32_t nr_holders;   /* processes that have a handle */
	uint32_t nr_servers;   /* of those, how many have received */
	bool was_served;
};

/*
 * Part of struct process. A slot is filled once and emptied when no thread is left: whoever runs in
 * the process may use what is in it without a lock.
 */
struct endpoint_table {
	struct endpoint *slots[ENDPOINTS_PER_PROCESS];
	bool serves[ENDPOINTS_PER_PROCESS]; /* has received; guarded by the endpoint's lock */
};

void endpoints_init(void);

/* A handle of the calling process. ENOMEM; EMFILE: its table is full. */
status_t endpoint_create(uint64_t *handle) MUST_CHECK;

/* fork: the child gets the parent's handles. Nobody knows the child yet. */
void endpoints_inherit(struct process *child, const struct process *parent);
/* The process has no threads any more. Blocks, as the next. */
void endpoints_drop(struct process *process);
/* execve: whoever waits for this process to serve waits for a program that is gone. */
void endpoints_stop_serving(struct process *process);
/* One thread is left in the process: it may wait for what cannot come any more. */
void endpoints_reconsider(struct process *process);

/* Has it one thread? */
bool endpoint_holder_is_single(const struct process *process);
/* A thread of the process, which holds the endpoint, waits there for nobody. Caller holds
 * endpoint->lock. */
static inline bool endpoint_is_lonely(const struct endpoint *endpoint,
				      const struct process *process)
{
	assert(lock_is_held(&endpoint->lock));
	return UNLIKELY(endpoint->nr_holders == 1) && endpoint_holder_is_single(process);
}
