/*
 * Words that stay as they are throughout a search: a load of one finds the same in whatever order
 * CPUs run, and a store to one changes nothing, so neither needs to be a step. Which words these
 * are shows in the search itself: each is taken for one until it changes, and then the search
 * begins anew, with what was learnt.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* True: nothing has changed it, and the search relies on that from now on. */
bool still_is(const void *at, size_t size_bytes);
/* It changes, or may. */
void still_is_not(const void *at, size_t size_bytes);
/* Must the search begin anew? Once for each time that it must. */
bool still_was_wrong(void);
