/* A bitmap of the numbers in use. */
#include "task/ids.h"

#include "lib/assert.h"
#include "task/process.h"

enum { IDS_PER_WORD = 64, NR_WORDS = (ID_MAX + IDS_PER_WORD) / IDS_PER_WORD };

/* Guarded by process_lock. */
static uint64_t taken[NR_WORDS];
static uint32_t last;

static uint64_t *word_of(uint32_t id) { return &taken[id / IDS_PER_WORD]; }
static uint64_t bit_of(uint32_t id) { return 1ul << (id % IDS_PER_WORD); }

uint32_t id_take(void)
{
	assert(lock_is_held(&process_lock));
	for (uint32_t tries = 0; tries < ID_MAX; tries++) {
		last = last % ID_MAX + 1;
		if (!(*word_of(last) & bit_of(last))) {
			*word_of(last) |= bit_of(last);
			return last;
		}
	}
	return 0;
}

void id_give_back(uint32_t id)
{
	assert(lock_is_held(&process_lock));
	assert(*word_of(id) & bit_of(id));
	*word_of(id) &= ~bit_of(id);
}
