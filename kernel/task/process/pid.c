/* A bitmap of the numbers in use. */
#include "task/process/pid.h"

#include "lib/assert.h"
#include "task/process/process.h"

enum { IDS_PER_WORD = 64, NR_WORDS = (PID_MAX + IDS_PER_WORD) / IDS_PER_WORD };

/* Guarded by process_lock. */
static uint64_t taken[NR_WORDS];
static uint32_t last;

static uint64_t *word_of(uint32_t id) { return &taken[id / IDS_PER_WORD]; }
static uint64_t bit_of(uint32_t id) { return 1ul << (id % IDS_PER_WORD); }

/* The lowest of the bits, which are of the word that `id` is in. */
static uint32_t first_of(uint32_t id, uint64_t bits)
{
	return (id & ~(uint32_t)(IDS_PER_WORD - 1)) + (uint32_t)__builtin_ctzl(bits);
}

uint32_t pid_alloc(void)
{
	assert(lock_is_held(&process_lock));
	for (unsigned tries = 0; tries <= NR_WORDS; tries++) {
		uint32_t next = last % PID_MAX + 1;
		uint64_t free = ~*word_of(next) & -bit_of(next);

		if (free) {
			last = first_of(next, free);
			*word_of(last) |= bit_of(last);
			return last;
		}
		/* the last of this word: on to the next one */
		last = MIN(next | (IDS_PER_WORD - 1), (uint32_t)PID_MAX);
	}
	return 0;
}

uint32_t pid_next(uint32_t from)
{
	assert(lock_is_held(&process_lock));
	while (from <= PID_MAX) {
		uint64_t used = *word_of(from) & -bit_of(from);

		if (used) {
			return first_of(from, used);
		}
		from = (from | (IDS_PER_WORD - 1)) + 1;
	}
	return 0;
}

void pid_free(uint32_t id)
{
	assert(lock_is_held(&process_lock));
	assert(*word_of(id) & bit_of(id));
	*word_of(id) &= ~bit_of(id);
}
