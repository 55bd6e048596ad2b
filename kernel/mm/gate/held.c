/* In a gate that lacks a rule: an operation waits between check and use, where an attack asked for
 * it. No other build has this file. */
#include "mm/gate/without.h"

#include "arch/x86_64/cpu/registers.h"
#include "mm/gate/operations.h"

#define LIMIT_TICKS (1ul << 32)

struct gate_held gate_held;

/* What was checked is in a register meanwhile; as what it comes back. */
static uint64_t hold(uint64_t checked)
{
	uint64_t wanted = checked, start = tsc_read();

	if (!checked || !__atomic_compare_exchange_n(&gate_held.wanted, &wanted, 0, false,
						     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
		return checked;
	}
	/* pairs with the attack's load and store */
	__atomic_store_n(&gate_held.is_there, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&gate_held.is_there, __ATOMIC_ACQUIRE) &&
	       tsc_read() - start < LIMIT_TICKS) {
		cpu_relax();
	}
	return checked;
}

void gate_hold_place(struct place *place)
{
	uint64_t *word = (uint64_t *)place;
	uint64_t passed = GATE_WITHOUT_LOCK ? *word : hold(*word);

	/* else memory has it, as it has all of the place */
	if (GATE_WITHOUT_NMI) {
		*word = passed;
	}
}

static_assert(offsetof(struct place, table) == 0 && offsetof(struct place, index) == 4,
	      "an attack looks for this word");

bool gate_word_change(uint64_t *word, uint64_t from, uint64_t to)
{
	if (!GATE_WITHOUT_LOCK) {
		return __atomic_compare_exchange_n(word, &from, to, false, __ATOMIC_ACQ_REL,
						   __ATOMIC_ACQUIRE);
	}
	if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != from) {
		return false;
	}
	(void)hold((uint64_t)(word - (uint64_t *)gate_frame((pfn_t){ 0 })));
	__atomic_store_n(word, to, __ATOMIC_RELEASE);
	return true;
}
