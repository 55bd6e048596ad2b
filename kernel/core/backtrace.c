/* Return addresses, by following saved frame pointers. */
#include "core/backtrace.h"

/* What a function's prologue leaves where RBP points. */
struct stack_frame {
	uint64_t caller_rbp;
	uint64_t return_address; /* 0 in the outermost frame */
};

unsigned backtrace_collect(uint64_t rbp, uint64_t *addresses, unsigned max,
			   backtrace_readable *readable)
{
	unsigned nr = 0;

	while (nr < max && is_aligned(rbp, sizeof(uint64_t)) &&
	       readable(rbp, sizeof(struct stack_frame))) {
		const struct stack_frame *frame = (const struct stack_frame *)rbp;

		if (frame->return_address == 0) {
			break;
		}
		addresses[nr++] = frame->return_address;
		if (frame->caller_rbp <= rbp) {
			break;
		}
		rbp = frame->caller_rbp;
	}
	return nr;
}
