/* Which word a futex call means, to everybody who maps it. */
#pragma once

#include "lib/types.h"

struct as;

/*
 * One word, whoever names it: address space and address, or frame and offset. As on Linux who names
 * a private word with FUTEX_ANY does not meet those that name it with FUTEX_THREADS.
 */
struct futex_key {
	const struct as *as; /* NULL: by frame */
	uint64_t where; /* address, + KEY_ANY for FUTEX_ANY; frame number * PAGE_SIZE + offset */
};
enum { KEY_ANY = 1 };

/*
 * Taken before a word of shared memory is looked up: while it is current, the page that was found
 * is there still. Who takes a page away clears its entry, draws a new generation, and frees it only
 * then; between the first two the word counts as it was.
 */
struct futex_stamp {
	uint32_t root, generation; /* of the user half: mm/tlb/user_half.h */
};

/* Part of struct thread, for it alone: the last word of shared memory that it named. */
struct futex_seen {
	struct futex_stamp stamp;
	uint64_t at, where; /* its address; key.where */
};
