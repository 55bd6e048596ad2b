/* New sequences, and changed ones. The same seed gives the same. */
#pragma once

#include "sequence.h"

struct random {
	uint64_t state;
};

uint32_t random_below(struct random *random, uint32_t limit);
bool random_one_in(struct random *random, uint32_t n);

/* A new one. */
void sequence_generate(struct random *random, struct sequence *out);
/* Changes one; other: what pieces may come from. */
void sequence_mutate(struct random *random, struct sequence *sequence,
		     const struct sequence *other);
