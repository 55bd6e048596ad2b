/* Where a failed assertion ends. */
#include "lib/assert.h"

#include "core/panic.h"

void assert_failed(const char *condition, const char *file, int line, const char *function)
{
	panic("assertion failed: %s, in %s, %s:%d", condition, function, file, line);
}
