/* Values of the types of arguments. */
#pragma once

#include "generate.h"

/* nth: the call's place in its sequence; results of those before it may be taken. */
uint64_t value_draw(struct random *random, enum type type, unsigned nth);
