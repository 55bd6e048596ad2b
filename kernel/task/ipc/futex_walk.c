/* The end of a walk's piece. */
#include "task/ipc/futex_walk.h"

#include "core/poll.h"

#define NO_KEY ((struct futex_key){ NULL, UINT64_MAX })

bool walk_pause(struct walk *walk)
{
	bool must_end;

	if (walk->next == walk->end) {
		return false;
	}
	if (walk->end == &walk->bucket->waiters) {
		walk->last.key = NO_KEY;
		walk->last.bucket = walk->bucket;
		walk->end = &walk->last.node;
		list_push_back(&walk->bucket->waiters, walk->end);
	}
	walk->here.key = NO_KEY;
	walk->here.bucket = walk->bucket;
	list_insert(walk->next, &walk->here.node);
	walk_unlock(walk);
	must_end = poll_call();
	walk_lock(walk);
	walk->next = walk->here.node.next;
	list_remove(&walk->here.node);
	return !must_end;
}
