/* mremap: a mapping gets another length, or another place. */
#pragma once

#include "mm/as/as.h"

struct as_remap_wish {
	uint64_t at, old_bytes, new_bytes; /* page aligned, in the user half; not 0 */
	bool may_move;
	bool is_fixed; /* moves to `to`, which is free of the old place, and replaces what is there
			*/
	uint64_t to;
	bool keeps_old; /* the old place stays mapped, empty */
};

/*
 * Blocks: in pieces. EFAULT: not all of the old range is one mapping; ENOMEM: no room, or none
 * where it is; EINVAL: 2 MiB pages, or the new place; EINTR: the thread must end.
 */
status_t as_remap(struct as *as, const struct as_remap_wish *wish, uva_t *out) MUST_CHECK;
