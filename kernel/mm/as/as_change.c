/* Who may change an address space when. */
#include "mm/as/as_change.h"

#include "core/poll.h"
#include "lib/assert.h"

/* Without the lock: a look that decides only whether to sleep. */
static bool is_over(const void *what)
{
	const struct as *as = what;

	/* pairs with the store in as_change_over */
	return __atomic_load_n(&as->change, __ATOMIC_ACQUIRE) == CHANGE_NONE;
}

/* Who gives up may have been woken all the same: then it is the next one's turn. */
static void give_up(struct as *as)
{
	if (as->change == CHANGE_NONE) {
		as_change_end(as);
	} else {
		lock_release(&as->lock);
	}
}

status_t as_change_wait_and_lock(struct as *as)
{
	while (as->change != CHANGE_NONE) {
		bool must_end;

		as->nr_waiting++;
		lock_release(&as->lock);
		must_end = poll_wait(as, is_over);
		lock_acquire(&as->lock);
		as->nr_waiting--;
		if (must_end) {
			give_up(as);
			return STATUS_EINTR;
		}
	}
	return STATUS_OK;
}

bool as_change_wait(struct as *as)
{
	lock_acquire(&as->lock);
	if (as_change_wait_and_lock(as)) {
		return false;
	}
	as_change_end(as);
	return true;
}

void as_change_leave(struct as *as, enum as_change change)
{
	assert(change != CHANGE_NONE);
	as->change = change;
	lock_release(&as->lock);
}

void as_change_return(struct as *as) { lock_acquire(&as->lock); }

bool as_change_pause(struct as *as, enum as_change change)
{
	bool must_end;

	as_change_leave(as, change);
	must_end = poll_call();
	as_change_return(as);
	return must_end;
}

/* One at a time: each wakes the next when it has what it waited for. */
void as_change_over(struct as *as)
{
	bool has_waiting = as->nr_waiting;

	/* pairs with the load in is_over */
	__atomic_store_n(&as->change, CHANGE_NONE, __ATOMIC_RELEASE);
	lock_release(&as->lock);
	if (has_waiting) {
		poll_wake_one(as);
	}
}
