/* Page grants: a frame changes address spaces, and has one mapping at any time. */
#pragma once

#include "mm/as.h"

/*
 * Moves the frame behind a page of `from` to a page of `to`, which may be the same address space.
 * Both pages are aligned, in private, writable memory of 4 KiB pages. The giver's page is made its
 * own first (never touched: zeros; shared since a fork: a copy), and reads as zero afterwards; what
 * was at the taker's page is lost. Flushes: no CPU can use the giver's translation, nor an old one
 * of the taker's, once the page is mapped anew. On failure nothing has changed that a program could
 * see: EFAULT: the giver's page cannot be given; EINVAL: the taker's cannot be replaced;
 * likewise while an mremap moves them; ENOMEM.
 */
status_t as_grant(struct as *from, uva_t from_at, struct as *to, uva_t to_at) MUST_CHECK;
