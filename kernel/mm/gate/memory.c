/* Outside the gate: what hidden frames hold is read and written by calls of operations; with
 * ptprot=off through the private window. Credentials, which are in such frames. */
#include "mm/frame/window.h"
#include "mm/gate/current/credential.h"
#include "mm/gate/operations.h"
#include "mm/tlb/as_tlb.h"

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

bool credential_change(enum credential_change change, uint32_t pid, uint64_t a, uint64_t b,
		       uint64_t c)
{
	uint64_t which = (uint64_t)change << 32 | pid, result;

	/* another processor begins to use what was shared, and is seen before it has flushed */
	while ((result = gate_try(GATE_CREDENTIAL_CHANGE, which, a, b, c)) == GATE_NOT_YET) {
		as_tlb_wait(gate_loaded_root().pfn);
	}
	return !(result & GATE_REFUSAL);
}

bool credential_set(uint32_t pid, uint32_t uid)
{
	return !(gate_try(GATE_CREDENTIAL_SET, pid, uid, 0, 0) & GATE_REFUSAL);
}

bool policy_set(unsigned number, uint32_t pid)
{
	return !(gate_try(GATE_POLICY_SET, number, pid, 0, 0) & GATE_REFUSAL);
}

bool calls_bind(uint32_t binding)
{
	return !(gate_try(GATE_CALLS_BIND, binding, 0, 0, 0) & GATE_REFUSAL);
}
