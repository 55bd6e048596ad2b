/* In the gate: waits for a lock that another processor has. */
#include "mm/gate/locks.h"

#include "arch/x86_64/registers.h"

bool gate_lock_slowly(uint64_t *word, uint64_t free)
{
	uint64_t locked = free | FRAME_WORD(.nr_used = 1), found = locked;

	while (found == locked || found == free) {
		cpu_relax();
		found = free;
		if (__atomic_compare_exchange_n(word, &found, locked, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			return true;
		}
	}
	return false;
}
