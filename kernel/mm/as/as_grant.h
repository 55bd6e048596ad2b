/* Page grants: a frame changes address spaces, and has one mapping at any time. */
#pragma once

#include "mm/as/as.h"

/*
 * Moves the frame behind a page of `from` to a page of `to`, which may be the same address space.
 * Both pages are aligned, in private, writable memory of 4 KiB pages. Either address space is
 * loaded, or consented to that while it was: as_offer, as_accept. The giver's page is made its own
 * first (never touched: zeros; shared since a fork: a copy), and reads as zero afterwards; what was
 * at the taker's page is lost. Flushes: no CPU can use the giver's translation, nor an old one of
 * the taker's, once the page is mapped anew. On failure nothing has changed that a program could
 * see: EFAULT: the giver's page cannot be given; EINVAL: the taker's cannot be replaced; likewise
 * while an mremap moves them; ENOMEM; EAGAIN: the giver is not loaded, and would have to offer the
 * page again.
 */
status_t as_grant(struct as *from, uva_t from_at, struct as *to, uva_t to_at) MUST_CHECK;

/*
 * Consent, for what comes while another address space is loaded. Caller has it loaded. An offer is
 * for whoever accepts a page, which is made its own first: EFAULT, ENOMEM, as for as_grant. Who
 * accepts a page has one at that place from then on, zeroed if there was none: ENOMEM; that the
 * place is no good is told who gives one. Either ends with a grant, or by its end, which is to come
 * before the program goes on; or when the page goes otherwise.
 */
status_t as_offer(struct as *as, uva_t page) MUST_CHECK;
void as_offer_end(struct as *as, uva_t page);
status_t as_accept(struct as *as, uva_t place) MUST_CHECK;
void as_accept_end(struct as *as, uva_t place);
