/* How the state of a thread may change. */
#include "machine.h"
#include "task/sched/thread.h"

#define NO_HOOKS __attribute__((no_sanitize_thread))

/* The table of sched_switch.h. */
NO_HOOKS static bool may_change(bool is_self, bool is_claimed, uint32_t from, uint32_t to)
{
	switch (from) {
	case THREAD_NEW: return to == THREAD_READY;
	case THREAD_BLOCKED: return !is_self && (to == THREAD_READY || to == THREAD_RUNNING);
	case THREAD_READY: return to == THREAD_RUNNING;
	case THREAD_RUNNING:
		return to == THREAD_WOKEN || (to == THREAD_READY && (is_self || is_claimed)) ||
		       (is_self && to != THREAD_NEW);
	case THREAD_WOKEN:
		return (to == THREAD_READY && (is_self || is_claimed)) ||
		       (is_self &&
			(to == THREAD_RUNNING || to == THREAD_MOVING || to == THREAD_DEAD));
	case THREAD_MOVING: return to == THREAD_READY;
	default: return false;
	}
}

NO_HOOKS void sim_check_state(const struct sim_store *store)
{
	static const char *const names[] = { "NEW",   "BLOCKED", "READY", "RUNNING",
					     "WOKEN", "MOVING",  "DEAD" };
	size_t offset;
	struct sim_object *object = sim_object_at(store->at, &offset);
	uint32_t from, to = (uint32_t)store->value;
	bool is_self;

	if (!sim_log->is_exploring || !object || !object->is_thread ||
	    offset != offsetof(struct thread, state)) {
		return;
	}
	from = *(const uint32_t *)store->at;
	is_self = (const char *)store->by == (const char *)store->at - offset;
	if (to > THREAD_DEAD || !may_change(is_self, object->is_claimed, from, to)) {
		sim_fail("a thread's state changes from %s to %s", names[from],
			 names[to % (THREAD_DEAD + 1)]);
	}
	object->is_claimed = (object->is_claimed && to == THREAD_WOKEN) ||
			     (from == THREAD_BLOCKED && to == THREAD_RUNNING);
}
