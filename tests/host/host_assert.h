/*
 * How an assertion of kernel code ends in a host test: a line on stderr, then SIGABRT. Included
 * once per program.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "lib/assert.h"

void assert_failed(const char *condition, const char *file, int line, const char *function)
{
	fprintf(stderr, "assertion failed: %s, in %s, %s:%d\n", condition, function, file, line);
	abort();
}
