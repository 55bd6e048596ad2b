/* The flag. */
#include "task/authority/flag.h"

#include "arch/x86_64/cpu/random.h"

uint64_t flag_value;

void flag_init(void) { random_fill(&flag_value, sizeof(flag_value)); }

bool flag_is(uint64_t value) { return value == flag_value; }
