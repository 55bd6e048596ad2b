/* The state of the simulated machine: the variables that differ from how they were at first, in
 * lines, and the stacks in use. */
#pragma once

#include "machine.h"

struct saved {
	unsigned char *bytes; /* lines: offset, content; then the stacks */
	size_t size_bytes;
	unsigned nr_lines;
};

/* Remembers how the variables are. Nothing static is the caller's to change afterwards. */
void state_begin(void);
/* The present one; valid until the next is saved. */
const struct saved *state_save(void);
void state_restore(const struct saved *saved);
/* False: a variable was written that no hook has seen. */
bool state_is_complete(void);
