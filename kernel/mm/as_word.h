/* What a word of user memory is to everybody who maps it: the identity of futexes. */
#pragma once

#include "mm/as.h"

enum word_sharing { WORD_PRIVATE, WORD_SHARED };

/*
 * Whether the address lies in shared memory, and then the frame behind it now. EFAULT: nothing is
 * mapped there, or nothing yet in shared memory. Takes as->lock.
 */
status_t as_word(struct as *as, uva_t at, enum word_sharing *sharing, pfn_t *frame) MUST_CHECK;
