/* What a word is set to. */
#pragma once

#include "areas.h"

unsigned values_count(void);
/* The nth value for the word of the store, of which address, size and old value are set. False:
 * this one makes no sense there. `dice` draws what is left open. */
bool value_set(struct store *store, const struct word *word, unsigned nth, uint64_t dice);
