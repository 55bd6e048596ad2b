/* Outside the gate: what hidden frames hold is read and written by calls of operations; with
 * ptprot=off through the private window. */
#include "mm/gate/operations.h"
#include "mm/window.h"

static inline bool is_open(void) { return gate_in_force == ptprot_off; }

bool pool_bytes_write(uint64_t address, const struct pool_write *what)
{
	uint64_t how = (uint64_t)what->kind << 32 | what->len_bytes;

	return !(gate_try(GATE_POOL_WRITE, address, what->value, how, what->pool) & GATE_REFUSAL);
}

void frame_clear_fresh(pfn_t frame)
{
	if (is_open()) {
		window_zero(&frame, 1);
	} else {
		(void)gate_call(GATE_FRAME_CLEAR, frame.pfn, 0, 0, 0);
	}
}
