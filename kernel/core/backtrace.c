/* Return addresses, by following saved frame pointers. */
#include "core/backtrace.h"

/*
 * What a function's prologue leaves where RBP points: the caller's RBP, and behind it the return
 * address, which is 0 in the outermost frame.
 */
unsigned backtrace_collect(uint64_t rbp, uint64_t *addresses, unsigned max, backtrace_read *read)
{
	uint64_t caller_rbp, return_address;
	unsigned nr = 0;

	while (nr < max && is_aligned(rbp, sizeof(uint64_t)) && read(rbp, &caller_rbp) &&
	       read(rbp + sizeof(uint64_t), &return_address)) {
		if (return_address == 0) {
			break;
		}
		addresses[nr++] = return_address;
		if (caller_rbp <= rbp) {
			break;
		}
		rbp = caller_rbp;
	}
	return nr;
}
