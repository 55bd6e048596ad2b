/* From an address to the word that a futex call means. For futex.c. */
#pragma once

#include "lib/status.h"
#include "mm/as/as.h"
#include "mm/table/layout.h"
#include "mm/tlb/tlb_hw.h"
#include "task/ipc/futex.h"
#include "task/process/process.h"

struct futex_waiter;

enum { WORD_BYTES = 4 };

static inline struct futex_stamp futex_stamp(const struct as *as)
{
	return (struct futex_stamp){ as->root.pfn, tlb_hw_generation(as->root.pfn) };
}

static inline bool futex_stamp_is_current(const struct futex_stamp *stamp, const struct as *as)
{
	struct futex_stamp now = futex_stamp(as);

	return now.generation == stamp->generation && now.root == stamp->root;
}

/* A word that anybody may mean. Blocks: a page of shared memory that is not there yet comes.
 * EFAULT, ENOMEM. */
status_t futex_key_look(struct as *as, uva_t at, struct futex_key *out) MUST_CHECK;

/* Is the waiter's word still in that frame? */
bool futex_is_there(struct futex_waiter *waiter);

/* Whether the current thread named that word last, and its page is there still. */
static inline bool futex_is_seen(const struct thread *self, uva_t at)
{
	return self->futex_seen.at == at.uva &&
	       futex_stamp_is_current(&self->futex_seen.stamp, self->process->as);
}

/* Always inline, and futex_key_look writes elsewhere: so *out stays in registers. */
static inline __attribute__((always_inline)) status_t
futex_key_make(const struct thread *self, uva_t at, enum futex_scope scope, struct futex_key *out)
{
	struct futex_key found;
	status_t status;

	if (scope == FUTEX_ANY && futex_is_seen(self, at)) {
		*out = (struct futex_key){ NULL, self->futex_seen.where };
		return STATUS_OK;
	}
	if (!is_aligned(at.uva, WORD_BYTES)) {
		return STATUS_EINVAL;
	}
	if (at.uva >= USER_TOP) {
		return STATUS_EFAULT;
	}
	if (scope == FUTEX_THREADS) {
		*out = (struct futex_key){ self->process->as, at.uva };
		return STATUS_OK;
	}
	status = futex_key_look(self->process->as, at, &found);
	if (status == STATUS_OK) {
		*out = found;
	}
	return status;
}
static_assert(USER_TOP % WORD_BYTES == 0, "the last word that begins below it ends there");
