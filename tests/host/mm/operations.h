/* Random calls on random address spaces: drawn once, run as often as wanted, and what the model
 * expects of them. */
#pragma once

#include "mm/model.h"

enum operation_kind {
	OPERATION_CREATE,
	OPERATION_CLONE,
	OPERATION_PUT,
	OPERATION_MAP,
	OPERATION_UNMAP,
	OPERATION_PROTECT,
	OPERATION_DISCARD,
	OPERATION_BRK,
	OPERATION_ACCESS,
	OPERATION_WRITE,
	OPERATION_LOOKUP,
};

struct operation {
	enum operation_kind kind;
	struct space *space, *child;
	enum as_map_how how;
	uint64_t at, len_bytes;
	unsigned rights, flags, word;
	uint64_t value; /* ACCESS with RIGHT_WRITE: what is written, else what was read */
	struct as *created;
	uva_t placed;         /* MAP: the result */
	pfn_t frame;          /* LOOKUP: the result */
	const uint64_t *data; /* WRITE: len_bytes of it */
};

/* Writes of at most 64 pages, which are all done or not at all. */
extern bool operations_are_short;

void operation_draw(struct operation *operation);
status_t operation_run(struct operation *operation);
/* Dies when the status or a result is not what the model expects; then the model does the same. */
void operation_commit(struct operation *operation, status_t status);
/* After ENOMEM: dies when anything that can be seen has changed. */
void operation_check_failed(struct operation *operation);
/* A lack of memory may be the reason for ENOMEM. */
bool operation_may_lack_memory(const struct operation *operation);
/* Of an operation that returned ENOMEM: that can come from memory at all, not from a hole in the
 * range. */
bool operation_may_have_allocated(const struct operation *operation);
void operation_note(const struct operation *operation, const char *where, unsigned step);
/* Every space goes away. */
void operations_end(void);
