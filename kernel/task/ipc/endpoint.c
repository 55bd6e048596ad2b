/* Endpoints come and go with the processes that hold them. */
#include "task/ipc/endpoint.h"

#include "core/poll.h"
#include "lib/assert.h"
#include "mm/frame/slab.h"
#include "task/ipc/ipc.h"
#include "task/process/process.h"

enum { CALLERS_PER_PIECE = 32 };

static struct slab_cache cache;

void endpoints_init(void) { slab_cache_init(&cache, "endpoint", sizeof(struct endpoint)); }

status_t endpoint_create(uint64_t *handle)
{
	struct endpoint_table *table = &process_current()->endpoints;
	struct endpoint *endpoint;
	void *object;
	status_t status = slab_alloc(&cache, &object);

	if (status) {
		return status;
	}
	endpoint = object;
	lock_init(&endpoint->lock, "endpoint", RANK_endpoint);
	list_init(&endpoint->callers);
	list_init(&endpoint->receivers);
	endpoint->nr_holders = 1;
	for (uint64_t i = 0; i < ENDPOINTS_PER_PROCESS; i++) {
		struct endpoint *empty = NULL;

		/* pairs with the loads in ipc.c and endpoints_inherit */
		if (__atomic_compare_exchange_n(&table->slots[i], &empty, endpoint, false,
						__ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
			*handle = i;
			return STATUS_OK;
		}
	}
	slab_free(&cache, endpoint);
	return STATUS_EMFILE;
}

void endpoints_inherit(struct process *child, const struct process *parent)
{
	for (unsigned i = 0; i < ENDPOINTS_PER_PROCESS; i++) {
		struct endpoint *endpoint =
			__atomic_load_n(&parent->endpoints.slots[i], __ATOMIC_ACQUIRE);

		if (endpoint) {
			lock_acquire(&endpoint->lock);
			endpoint->nr_holders++;
			lock_release(&endpoint->lock);
			child->endpoints.slots[i] = endpoint;
		}
	}
}

bool endpoint_holder_is_single(const struct process *process)
{
	return __atomic_load_n(&process->nr_threads, __ATOMIC_ACQUIRE) == 1;
}

static struct thread *first_of(const struct list *waiting)
{
	return LIST_ENTRY(waiting->next, struct thread, ipc.node);
}

/* Caller holds the lock. A thread that waits for nobody is the only one there is. */
static void release_lonely(struct endpoint *endpoint, struct list *waiting)
{
	assert(lock_is_held(&endpoint->lock));
	if (!list_is_empty(waiting) && endpoint_is_lonely(endpoint, first_of(waiting)->process)) {
		ipc_fail(first_of(waiting));
	}
}

static void reconsider(struct endpoint *endpoint)
{
	release_lonely(endpoint, &endpoint->callers);
	release_lonely(endpoint, &endpoint->receivers);
}

/*
 * Caller holds the lock, which is free between two pieces, and the endpoint. Blocks. Callers whom
 * nobody serves any more are let go; new ones do not come, unless there is a server again.
 */
static void release_unserved(struct endpoint *endpoint)
{
	assert(lock_is_held(&endpoint->lock));
	while (endpoint->was_served && endpoint->nr_servers == 0 &&
	       !list_is_empty(&endpoint->callers)) {
		for (unsigned i = 0; i < CALLERS_PER_PIECE && !list_is_empty(&endpoint->callers);
		     i++) {
			ipc_fail(first_of(&endpoint->callers));
		}
		lock_release(&endpoint->lock);
		(void)poll_call();
		lock_acquire(&endpoint->lock);
	}
}

/* Caller holds the lock. */
static void stop_serving(struct endpoint *endpoint, bool *serves)
{
	assert(lock_is_held(&endpoint->lock));
	if (*serves) {
		*serves = false;
		endpoint->nr_servers--;
	}
}

void endpoints_drop(struct process *process)
{
	struct endpoint_table *table = &process->endpoints;

	for (unsigned i = 0; i < ENDPOINTS_PER_PROCESS; i++) {
		struct endpoint *endpoint = table->slots[i];
		bool is_last;

		if (!endpoint) {
			continue;
		}
		lock_acquire(&endpoint->lock);
		stop_serving(endpoint, &table->serves[i]);
		release_unserved(endpoint);
		is_last = --endpoint->nr_holders == 0;
		reconsider(endpoint);
		lock_release(&endpoint->lock);
		table->slots[i] = NULL;
		if (is_last) {
			slab_free(&cache, endpoint);
		}
	}
}

void endpoints_stop_serving(struct process *process)
{
	struct endpoint_table *table = &process->endpoints;

	for (unsigned i = 0; i < ENDPOINTS_PER_PROCESS; i++) {
		if (table->slots[i]) {
			lock_acquire(&table->slots[i]->lock);
			stop_serving(table->slots[i], &table->serves[i]);
			release_unserved(table->slots[i]);
			reconsider(table->slots[i]);
			lock_release(&table->slots[i]->lock);
		}
	}
}

void endpoints_reconsider(struct process *process)
{
	for (unsigned i = 0; i < ENDPOINTS_PER_PROCESS; i++) {
		struct endpoint *endpoint =
			__atomic_load_n(&process->endpoints.slots[i], __ATOMIC_ACQUIRE);

		if (endpoint) {
			lock_acquire(&endpoint->lock);
			reconsider(endpoint);
			lock_release(&endpoint->lock);
		}
	}
}
