/* What the gate's suites ask it with. */
#pragma once

#include "force.h"
#include "mm/as/as.h"
#include "mm/gate/operations.h"
#include "mm/table/layout.h"
#include "mm/table/ptable.h"

#define TEST_START (USER_MIN + 32 * PAGE_SIZE)

/* Of what is no entry: a frame, a root. */
static inline enum gate_refusal asked_of(enum gate_operation operation, uint64_t a, uint64_t b,
					 uint64_t c, uint64_t d)
{
	return (enum gate_refusal)(gate_enter(a, b, c, 0, d, operation) & GATE_REFUSAL);
}

static inline enum gate_refusal asked(enum gate_operation operation, const pte_t *entry, uint64_t b,
				      uint64_t c, uint64_t d)
{
	return asked_of(operation, (uint64_t)entry, b, c, d);
}

/* The same while a frame's word is another: what takes long to bring about, or another process. */
static inline enum gate_refusal asked_with(pfn_t frame, struct frame word,
					   enum gate_operation operation, uint64_t a, uint64_t b)
{
	struct frame before = *frame_entry(frame);
	enum gate_refusal refusal;

	FORCE(*frame_entry(frame) = word);
	refusal = asked_of(operation, a, b, 0, 0);
	FORCE(*frame_entry(frame) = before);
	return refusal;
}

/* The same while this processor's TLB may hold of the loaded user half what is older than that. */
static inline enum gate_refusal asked_stale(enum gate_operation operation, uint64_t a, uint64_t b,
					    uint64_t c, uint64_t d)
{
	struct current *current = (struct current *)(uint64_t)current_here();
	struct user_slot *slot = &current->slots[current->slot], before = *slot;
	enum gate_refusal refusal;

	FORCE(slot->generation--);
	refusal = asked_of(operation, a, b, c, d);
	FORCE(*slot = before);
	return refusal;
}

/* A new address space with pages from TEST_START on, of which the first are there. The entry of the
 * first one; NULL: no memory. */
static inline pte_t *space_make(struct as **as, unsigned nr_pages, unsigned nr_there)
{
	status_t status = as_create(as);
	uva_t at;

	if (status) {
		return NULL;
	}
	status = as_map(*as, AS_MAP_FIXED, TEST_START, nr_pages * PAGE_SIZE,
			RIGHT_READ | RIGHT_WRITE, 0, &at);
	for (unsigned i = 0; i < nr_there && status == STATUS_OK; i++) {
		status = as_fault(*as, (uva_t){ TEST_START + i * PAGE_SIZE }, RIGHT_WRITE);
	}
	if (status) {
		as_put(*as);
		return NULL;
	}
	return ptable_entry((*as)->root, TEST_START, 1);
}
