/* BUILD=race: sides of a race. tests/qemu/look.t has two processors commit two of them. */
#include "plants.h"

#include "lib/types.h"

enum { ROUNDS = 2000000 };

static uint64_t shared, unshared;

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
		unshared = shared;
		asm volatile("" : : : "memory");
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

static void (*const plants[])(void) = { store, load, load_atomic, store_atomic };

void plant_run(unsigned number)
{
	if (number < ARRAY_SIZE(plants)) {
		plants[number]();
	}
}
