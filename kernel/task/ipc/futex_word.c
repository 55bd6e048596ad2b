/* Looks up whose a word is. */
#include "task/ipc/futex_word.h"

#include "mm/as/as_futex_key.h"
#include "task/ipc/futex_walk.h"

status_t futex_key_look(struct as *as, uva_t at, struct futex_key *out)
{
	struct futex_seen *seen = &thread_current()->futex_seen;
	struct futex_stamp stamp = futex_stamp(as);
	enum futex_sharing sharing;
	pfn_t frame;
	status_t status = as_futex_key(as, at, &sharing, &frame);

	if (UNLIKELY(status == STATUS_EAGAIN)) {
		status = as_futex_key_fill(as, at, &sharing, &frame);
	}
	if (status) {
		return status;
	}
	if (sharing == FUTEX_PRIVATE) {
		*out = (struct futex_key){ as, at.uva | KEY_ANY };
		return STATUS_OK;
	}
	*out = (struct futex_key){ NULL, pfn_to_pa(frame).pa | (at.uva & (PAGE_SIZE - 1)) };
	*seen = (struct futex_seen){ stamp, at.uva, out->where };
	return STATUS_OK;
}

bool futex_is_there(struct futex_waiter *waiter)
{
	struct as *as = waiter->thread->process->as;
	struct futex_stamp stamp = futex_stamp(as);
	enum futex_sharing sharing;
	pfn_t frame;

	if (as_futex_key(as, waiter->at, &sharing, &frame) || sharing != FUTEX_SHARED ||
	    frame.pfn != waiter->key.where >> PAGE_SHIFT) {
		return false;
	}
	waiter->stamp = stamp;
	return true;
}
