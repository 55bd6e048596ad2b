/* In the gate: waits for a lock that another processor has. */
#include "mm/gate/locks.h"

#include "arch/x86_64/cpu/registers.h"

static bool is_lock(uint64_t word)
{
	return !((word ^ LOCK_FREE) & ~FRAME_WORD(.nr_used = 1, .number = UINT32_MAX));
}

bool gate_lock_slowly(uint64_t *word)
{
	uint64_t found = __atomic_load_n(word, __ATOMIC_RELAXED);

	while (is_lock(found)) {
		uint64_t locked = found | FRAME_WORD(.nr_used = 1);

		if (found != locked &&
		    __atomic_compare_exchange_n(word, &found, locked, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			return true;
		}
		cpu_relax();
		found = __atomic_load_n(word, __ATOMIC_RELAXED);
	}
	return false;
}
