/* BUILD=race: sides of a race. tests/qemu/look.t has two processors commit two of them. */
#include "plants.h"

#include "arch/x86_64/cpu/registers.h"
#include "core/poll.h"
#include "lib/types.h"

enum { ROUNDS = 2000000 };

static uint64_t shared;

static void store(void)
{
	for (uint64_t i = 0; i < ROUNDS; i++) {
		shared = i;
		asm volatile("" : : : "memory");
	}
}

static void load(void)
{
	for (uint64_t i = 0; i < ROUNDS; i++) {
		asm volatile("" : : "r"(shared) : "memory");
	}
}

static void load_atomic(void)
{
	for (uint64_t i = 0; i < ROUNDS; i++) {
		(void)__atomic_load_n(&shared, __ATOMIC_RELAXED);
	}
}

static void store_atomic(void)
{
	for (uint64_t i = 0; i < ROUNDS; i++) {
		__atomic_store_n(&shared, i, __ATOMIC_RELAXED);
	}
}

/* Both sides begin at the same time. */
static void await_other(void)
{
	static uint32_t nr_arrived; /* atomic */

	__atomic_fetch_add(&nr_arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&nr_arrived, __ATOMIC_SEQ_CST) < 2 && !poll_call()) {
		cpu_relax();
	}
}

static void (*const plants[])(void) = { store, load, load_atomic, store_atomic };

void plant_run(unsigned number)
{
	if (number < ARRAY_SIZE(plants)) {
		await_other();
		plants[number]();
	}
}
