/* What a word of user memory is to everybody who maps it: the identity of futexes. */
#pragma once

#include "mm/as/as.h"

enum futex_sharing { FUTEX_PRIVATE, FUTEX_SHARED };

/*
 * Whether the address lies in shared memory, and then the frame behind it now. EFAULT: nothing is
 * mapped there that can be touched; EAGAIN: shared memory that has no frame yet. Takes as->lock.
 */
status_t as_futex_key(struct as *as, uva_t at, enum futex_sharing *sharing,
		      pfn_t *frame) MUST_CHECK;
/* The same of the current address space, and shared memory gets its frame. Blocks. EFAULT, ENOMEM.
 */
status_t as_futex_key_fill(struct as *as, uva_t at, enum futex_sharing *sharing,
			   pfn_t *frame) MUST_CHECK;
