/* Words that stay as they are: their states, by groups of eight bytes. */
#include "still.h"

#include <stdlib.h>

#include "machine.h"

#define NO_HOOKS __attribute__((no_sanitize_thread))

enum { GROUP_BYTES = 8, GROUPS_MAX = SIM_LINES_MAX * SIM_LINE_BYTES / GROUP_BYTES };
enum group { UNUSED, STILL, CHANGES };

/* On the heap, so that going back to a state leaves it alone. */
struct still {
	unsigned char groups[GROUPS_MAX]; /* enum group */
	bool was_wrong;
};
static struct still *still;

NO_HOOKS static struct still *get(void)
{
	if (!still) {
		still = calloc(1, sizeof(*still));
	}
	return still;
}

/* Aligned accesses lie in one group. Elsewhere than among the variables nothing stays as it is. */
NO_HOOKS bool still_is(const void *at, size_t size_bytes)
{
	uint64_t place = (uint64_t)at - (uint64_t)__data_start;
	unsigned char *group = &get()->groups[place / GROUP_BYTES % GROUPS_MAX];

	if ((const char *)at >= _end || (const char *)at < __data_start || *group == CHANGES ||
	    place / GROUP_BYTES != (place + size_bytes - 1) / GROUP_BYTES) {
		return false;
	}
	*group = STILL;
	return true;
}

NO_HOOKS void still_is_not(const void *at, size_t size_bytes)
{
	uint64_t place = (uint64_t)at - (uint64_t)__data_start;
	uint64_t last = (place + size_bytes - 1) / GROUP_BYTES;

	for (uint64_t i = place / GROUP_BYTES; i <= last && i < GROUPS_MAX; i++) {
		get()->was_wrong |= still->groups[i] == STILL;
		still->groups[i] = CHANGES;
	}
}

NO_HOOKS bool still_was_wrong(void)
{
	bool was_wrong = get()->was_wrong;

	still->was_wrong = false;
	return was_wrong;
}
